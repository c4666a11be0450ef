"""What is found on a page that comments are embedded in."""

import pytest
from flask import render_template

from models import Policy
from service.embed.examination import examine, loaded
from service.embed.finding import Level, Wanted
from service.embed.key import key_of_page
from service.embed.markup import read
from service.web.forms import HONEYPOT

SERVICE = "https://comments.example.org"
BLOG = "https://blog.example.org"
URL = f"{BLOG}/amazon/"
HTML = ("content-type", "text/html; charset=utf-8")
STRICT = f"default-src 'none'; script-src {SERVICE}; connect-src {SERVICE}; form-action {SERVICE}"
PAGE = """<!doctype html><html lang="en"><head><title>The  Amazon</title>
<link rel="canonical" href="https://blog.example.org/amazon/"></head>
<body><nav>Home</nav><main><article><h1>The Amazon</h1><p>Coca &amp; <b>rivers</b></p>
<p>of the north</article></main>@SNIPPET@</body></html>"""


@pytest.fixture(scope="module")
def snippets():
    """The snippet, rendered once for all tests."""
    return {}


@pytest.fixture
def page(request, snippets):
    """A page with the snippet as it is handed out, put in rightly."""
    if not snippets:
        with request.getfixturevalue("app").test_request_context():
            snippets[SERVICE] = render_template(
                "reader/snippet.html", site="blog", base_url=SERVICE
            )
    return PAGE.replace("@SNIPPET@", snippets[SERVICE].replace("/path/of/this/page/", "/amazon/"))


def found(html, *headers, url=URL, status=200, **policy):
    wanted = Wanted(SERVICE, "blog", [BLOG], Policy(**policy), HONEYPOT)
    given = [(name, value) for name, value in headers]
    if "content-type" not in dict(given):
        given.append(HTML)
    return examine(loaded(url, status, given, html.encode()), wanted)


def bad(findings):
    return [one.title for one in findings if one.level is not Level.OK]


def line_of(findings, title):
    return next(one.line for one in findings if one.title == title)


def test_the_snippet_as_it_is_handed_out_has_nothing_to_mend(page):
    assert bad(found(page)) == []


def test_the_snippet_pasted_without_a_change_is_told_by_its_example_key(page):
    html = page.replace('"/amazon/"', '"/path/of/this/page/"')
    findings = found(html)

    assert bad(findings) == ["The page key is still the example"]
    line = line_of(findings, "The page key is still the example")
    assert line == '<input type="hidden" name="page" value="/amazon/">'


FORM = f'action="{SERVICE}/s/blog/comments"'
SCRIPT = f'<script type="module" src="{SERVICE}/embed.js"></script>'


@pytest.mark.parametrize(
    ("old", "new", "title"),
    [
        (FORM, "", "The form has no action"),
        (FORM, 'action="/s/blog/comments"', "The form sends to your own site"),
        (FORM, FORM.replace("/blog/", "/log/"), "The form sends to another site"),
        (FORM, FORM.replace("https", "http"), "The form sends to http:// instead of https://"),
        (FORM, FORM.replace("comments.e", "talk.e"), "The form sends to another service"),
        ('method="post"', "", "The form does not use POST"),
        (
            'method="post"',
            'method="post" enctype="multipart/form-data"',
            "The form's enctype is multipart/form-data",
        ),
        ('name="comment"', 'name="text"', "The field “comment” is missing"),
        ('name="author"', 'name="who"', "The field “author” is missing"),
        ('name="email"', 'name="mail"', "The field “email” is missing"),
        ('for="author"', 'for="nobody"', "The field “author” has no label"),
        ('name="subject"', 'name="other"', "The trap for bots is missing"),
        ("<p hidden>", "<p>", "The trap for bots can be seen"),
        (
            'name="page" value="/amazon/"',
            'name="p"',
            "The form does not say which page it stands on",
        ),
        ('name="page" value="/amazon/"', 'name="page" value="/"', "The form names another page"),
        (
            'name="page" value="/amazon/"',
            'name="page" value="https://else.example/"',
            "The page key is none of this site's",
        ),
        (
            'page="/amazon/"',
            'page="/else/"',
            "The script and the form name different pages",
        ),
        ('site="blog"', 'site="log"', "The element names another site"),
        ("gatepost-comments", "div", "The element round the form is missing"),
        (SCRIPT, "", "The script is missing"),
        (SCRIPT, SCRIPT.replace('type="module" ', ""), "The script is not loaded as a module"),
        (SCRIPT, SCRIPT.replace("comments.e", "talk.e"), "The script comes from elsewhere"),
        (
            SCRIPT,
            SCRIPT.replace("src", 'integrity="sha256-x" src'),
            "The script is bound to one version",
        ),
        (' lang="en"', "", "The page does not say its language"),
        (
            "blog.example.org/amazon/",
            "else.example/amazon/",
            "The canonical link lies on another origin",
        ),
        ('type="submit"', 'type="button"', "The form has no button to send it"),
        (
            "</body>",
            f'<form {FORM} method="post"></form></body>',
            "There are 2 comment forms on the page",
        ),
        (
            "</body>",
            '<gatepost-comments site="blog"></gatepost-comments></body>',
            "<gatepost-comments> stands 2 times on the page",
        ),
        (
            "</head>",
            '<meta name="referrer" content="no-referrer"></head>',
            "The page's Referrer-Policy is no-referrer",
        ),
    ],
)
def test_a_slip_in_the_snippet_is_named(page, old, new, title):
    assert old in page

    assert title in bad(found(page.replace(old, new)))


def test_a_page_without_a_form_is_told_so():
    assert bad(found(PAGE.replace("@SNIPPET@", ""))) == ["The form is missing"]


def test_the_element_alone_is_no_form(page):
    html = PAGE.replace("@SNIPPET@", f'<gatepost-comments site="blog"></gatepost-comments>{SCRIPT}')

    assert bad(found(html)) == ["The form is missing"]


def test_the_hosted_form_in_a_frame_is_enough_and_its_policy_is_looked_at():
    frame = f'<iframe src="{SERVICE}/s/blog/form?page=/amazon/&amp;frame=1"></iframe>'
    html = PAGE.replace("@SNIPPET@", frame)
    policy = ("content-security-policy", "default-src 'self'")

    assert bad(found(html)) == []
    findings = found(html, policy)
    assert bad(findings) == ["The frame is blocked"]
    assert line_of(findings, "The frame is blocked") == f"frame-src 'self' {SERVICE}"


def test_a_name_that_the_site_does_not_ask_for_may_be_missing(page):
    findings = found(page.replace('name="author"', 'name="who"'), require_name=False)

    assert [one.level for one in findings if one.title == "The field “author” is missing"] == [
        Level.WARNING
    ]


@pytest.mark.parametrize(
    ("policy", "titles", "line"),
    [
        (STRICT, [], ""),
        ("default-src *", [], ""),
        ("default-src https:; form-action *", [], ""),
        ("upgrade-insecure-requests", [], ""),
        ("script-src *.example.org; connect-src https://*.example.org:443", [], ""),
        (
            f"form-action 'self'; script-src {SERVICE}",
            ["Sending the form is blocked"],
            f"form-action 'self' {SERVICE}",
        ),
        ("form-action 'none'", ["Sending the form is blocked"], f"form-action {SERVICE}"),
        (
            "script-src 'self'",
            ["The script is blocked"],
            f"script-src 'self' {SERVICE}",
        ),
        (
            f"script-src-elem 'self'; script-src {SERVICE}",
            ["The script is blocked"],
            f"script-src-elem 'self' {SERVICE}",
        ),
        (
            f"script-src 'nonce-abc' 'strict-dynamic' {SERVICE}",
            ["The script is blocked"],
            f"script-src 'nonce-abc' 'strict-dynamic' {SERVICE}",
        ),
        (
            "default-src 'self'",
            ["The script is blocked", "Loading the thread and sending by script are blocked"],
            f"script-src 'self' {SERVICE}",
        ),
        (
            f"connect-src {SERVICE}:8443",
            ["Loading the thread and sending by script are blocked"],
            f"connect-src {SERVICE}:8443 {SERVICE}",
        ),
        (
            f"connect-src {SERVICE}/embed.js",
            ["Loading the thread and sending by script are blocked"],
            f"connect-src {SERVICE}/embed.js {SERVICE}",
        ),
        (
            f"{STRICT}, form-action 'self'",
            ["Sending the form is blocked"],
            f"form-action 'self' {SERVICE}",
        ),
        (
            "sandbox allow-scripts allow-same-origin",
            ["The page is in a sandbox"],
            "sandbox allow-scripts allow-same-origin allow-forms",
        ),
        ("require-trusted-types-for 'script'", ["Trusted Types stop the script"], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_policy_is_read_as_browsers_read_it(page, policy, titles, line):
    findings = found(page, ("content-security-policy", policy))

    assert bad(findings) == titles
    if titles:
        assert line_of(findings, titles[0]) == line


def test_a_policy_in_the_page_counts_like_one_in_a_header(page):
    meta = '<meta http-equiv="Content-Security-Policy" content="form-action \'self\'"></head>'

    assert bad(found(page.replace("</head>", meta))) == ["Sending the form is blocked"]


def test_a_policy_that_only_reports_binds_nobody(page):
    header = ("content-security-policy-report-only", "default-src 'none'")

    assert bad(found(page, header)) == []


def test_a_nonce_on_the_script_is_enough(page):
    html = page.replace('<script type="module"', '<script nonce="abc" type="module"')
    header = ("content-security-policy", "script-src 'nonce-abc' 'strict-dynamic'")

    assert bad(found(html, header)) == []


def test_the_way_back_to_the_page_needs_form_action_self(page):
    header = ("content-security-policy", STRICT)

    findings = found(page, header, return_to_page=True)

    assert bad(findings) == ["The way back to the page is blocked"]
    line = line_of(findings, "The way back to the page is blocked")
    assert line == f"form-action {SERVICE} 'self'"
    assert bad(found(page, ("content-security-policy", line), return_to_page=True)) == []


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({"status": 404}, "The page answers 404"),
        ({"url": "http://blog.example.org/amazon/"}, "The page is not served by https"),
    ],
    ids=["missing", "plain http"],
)
def test_how_the_page_answers_is_looked_at(page, options, title):
    assert title in bad(found(page, **options))


def test_what_is_no_html_is_not_looked_at(page):
    assert bad(found(page, ("content-type", "application/json"))) == ["This is no HTML page"]


def test_a_language_we_do_not_speak_is_told_with_the_one_that_is_used(page):
    findings = found(page.replace('lang="en"', 'lang="tlh"'))

    [one] = [one for one in findings if "none that we speak" in one.title]
    assert "English" in one.text


def test_the_test_comment_goes_where_the_form_would_send_it(page):
    wanted = Wanted(SERVICE, "blog", [BLOG], Policy(), HONEYPOT)

    def key(html):
        return key_of_page(loaded(URL, 200, [HTML], html.encode()), wanted)

    assert key(page) == "/amazon/"
    assert key(page.replace('value="/amazon/"', 'value="post-7"')) == "post-7"
    assert key(page.replace('"/amazon/"', '"/path/of/this/page/"')) == f"{BLOG}/amazon/"
    assert key(PAGE) == f"{BLOG}/amazon/"


def test_title_and_text_are_the_pages_own_without_its_furniture(page):
    markup = read(page)

    assert markup.title == "The Amazon"
    assert markup.text == "The Amazon\nCoca & rivers\nof the north"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<main>a<article>b</article><article>c</article></main>d", "a\nb\nc"),
        ("<p>a<script>b</script><style>c</style><form>d</form><p>e", "a\ne"),
        ("<title>t</title><body>a<br>b", "a\nb"),
        ("<article><article>x</article>y</article>z", "x\ny"),
        ("</p></b></article>a", "a"),
    ],
    ids=["several articles", "furniture", "no parts", "nested articles", "closed too often"],
)
def test_the_text_is_found_in_any_markup(html, text):
    assert read(html).text == text


@pytest.mark.parametrize("bad", ["http://[", "http://x:y/", "//[::", "\x00"], ids=ascii)
@pytest.mark.parametrize(
    "part",
    [
        '<base href="{}">',
        '<link rel=canonical href="{}">',
        '<form action="{}"><textarea name=comment>',
        '<form><textarea name=comment></textarea><input name=page value="{}">',
        '<gatepost-comments page="{}">',
        '<script src="{}/embed.js">',
        '<iframe src="{}">',
    ],
    ids=lambda part: part[1:9],
)
def test_no_address_is_too_broken_to_be_looked_at(part, bad):
    assert bad_levels(found(part.format(bad)))


def bad_levels(findings):
    return [one for one in findings if one.level is Level.PROBLEM]


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("windows-1251", "Река"),
        ("utf-8", "\ufffd\ufffd\ufffd\ufffd"),
        ("punycode", "\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_a_page_is_read_in_the_charset_it_was_sent_in(charset, text):
    header = ("content-type", f"text/html; charset={charset}")
    page = loaded(URL, 200, [header], "Река".encode("windows-1251"))
    assert page.markup.text == text


def test_a_page_by_https_needs_a_service_by_https(page):
    wanted = Wanted("http://comments.example.org", "blog", [BLOG], Policy(), HONEYPOT)
    findings = examine(loaded(URL, 200, [HTML], page.encode()), wanted)
    assert "The page is served by https, this service is not" in bad(findings)


def test_a_base_address_is_heeded(page):
    html = page.replace("<head>", f'<head><base href="{SERVICE}/">')
    html = html.replace(FORM, 'action="/s/blog/comments"')
    assert bad(found(html)) == []


def test_a_frame_must_say_which_page_it_stands_on():
    html = PAGE.replace("@SNIPPET@", f'<iframe src="{SERVICE}/s/blog/form?frame=1"></iframe>')
    assert bad(found(html)) == ["The frame does not say which page it stands on"]


def test_a_canonical_address_is_as_good_a_key_as_a_path(page):
    html = page.replace('name="page" value="/amazon/"', f'name="page" value="{BLOG}/amazon/"')
    html = html.replace('page="/amazon/"', f'page="{BLOG}/amazon/"')
    assert bad(found(html)) == []
    assert bad(found(html, url=f"{URL}?utm_source=x")) == []


def test_a_page_told_apart_by_its_query_keeps_it_in_its_key(page):
    html = page.replace("/amazon/", "/?p=7")
    assert bad(found(html, url=f"{BLOG}/?p=7")) == []
    line = line_of(
        found(html.replace('name="page" value="/?p=7"', 'name="page" value="/"')),
        "The form names another page",
    )
    assert 'value="/?p=7"' in line


def test_a_huge_pile_of_tags_is_read_in_one_pass():
    assert read("<a>" * 100_000 + "</b>" * 100_000).text == ""
