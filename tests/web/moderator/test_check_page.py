"""Check my embed, through the door: a page of the site's own is loaded, looked at, and tried."""

import socket

import pytest
from flask import render_template

from models import Comment, Role, Status, Thread
from service.embed.checkup import TEST_NOTE, Checkup, check_up, send_test, take_over_words
from service.errors import InvalidError
from service.http.guarded import Reach
from service.web.context import HOUSE
from service.web.forms import HONEYPOT
from tests.building import ORIGIN, found_demo_site, rows
from tests.conftest import BASE_URL, visitor
from tests.web.desk import close_thread, elements, move_to, set_policy, site_of, slow_down
from tests.web.loopback import loopback
from tests.web.staff import hire, sign_in, submit_form

CHECK = "/sites/loop/check"
PAGE = '<html lang="en"><title>Amazon</title><main>Coca rivers</main>@SNIPPET@</html>'


@pytest.fixture
def blog():
    """A blog on this machine."""
    with loopback() as server:
        yield server


@pytest.fixture
def app(make_app, sqlite_url):
    """The application; this machine is an internal target that the operator allowed."""
    return make_app(sqlite_url, webhook_allow="127.0.0.0/8")


@pytest.fixture
def site(app, blog):
    """The site of the blog."""
    return found_demo_site(app, slug="loop", origins=[blog.origin])


@pytest.fixture
def owner(app, site):
    """An owner of the site, signed in."""
    hire(app, site, "Olga", Role.OWNER)
    client = visitor(app)
    sign_in(client, "Olga")
    return client


def with_snippet(app, key="/amazon/"):
    with app.test_request_context():
        snippet = render_template("reader/snippet.html", site="loop", base_url=BASE_URL)
    return PAGE.replace("@SNIPPET@", snippet.replace("/path/of/this/page/", key))


def check(owner, url, action="check", **fields):
    return submit_form(owner, CHECK, url=url, action=action, **fields)


def titles(answer, level):
    found = [
        text for at, text in elements(answer.text, "li") if f"is-{level}" in at.get("class", "")
    ]
    return [text.split(":", 1)[1].split("\n")[0].strip() for text in found]


def test_a_page_with_the_snippet_is_found_in_order(app, owner, blog):
    blog.put("/amazon/", with_snippet(app))

    answer = check(owner, f"{blog.origin}/amazon/")

    assert answer.status_code == 200
    assert titles(answer, "problem") == []
    assert titles(answer, "warning") == ["The page is not served by https"]
    assert "The form names this page" in titles(answer, "ok")
    assert blog.asked == ["/amazon/"]


def test_what_is_wrong_is_told_with_the_line_to_paste(app, owner, blog):
    blog.put("/", with_snippet(app), Content_Security_Policy="form-action 'self'")

    answer = check(owner, f"{blog.origin}/")

    assert titles(answer, "problem") == [
        "The form names another page",
        "Sending the form is blocked",
    ]
    assert f"form-action &#39;self&#39; {BASE_URL}" in answer.text
    assert "2 problems, 1 warning" in answer.text


def test_what_a_page_says_of_itself_is_shown_as_text(owner, blog):
    blog.put("/", "<title><b>bold</b></title><main><p>&lt;script&gt;alert(1)&lt;/script&gt;</main>")

    answer = check(owner, f"{blog.origin}/")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_looking_at_the_form_loads_nothing(owner, blog):
    answer = owner.get(f"{CHECK}?url={blog.origin}/amazon/")

    assert f'value="{blog.origin}/amazon/"' in answer.text
    assert blog.asked == []


def test_an_address_of_another_site_is_not_loaded(owner, blog):
    with loopback() as other:
        answer = check(owner, f"{other.origin}/")

        assert answer.status_code == 422
        assert "none of this site&#39;s addresses" in answer.text
        assert other.asked == []


def test_a_redirect_within_the_site_is_followed_and_said(app, owner, blog):
    blog.put("/old", "", 301, Location="/amazon/#top")
    blog.put("/amazon/", with_snippet(app))

    answer = check(owner, f"{blog.origin}/old")

    assert titles(answer, "problem") == []
    assert f"found at <bdi>{blog.origin}/amazon/</bdi>" in answer.text


def test_a_redirect_to_somebody_else_is_not_followed(owner, blog):
    with loopback() as other:
        blog.put("/", "", 302, Location=f"{other.origin}/")
        answer = check(owner, f"{blog.origin}/")

        assert answer.status_code == 422
        assert "The page leads on to" in answer.text
        assert other.asked == []


def test_a_page_that_leads_round_in_a_circle_is_left(owner, blog):
    blog.put("/", "", 302, Location="/")

    answer = check(owner, f"{blog.origin}/")

    assert "leads on more than 3 times" in answer.text
    assert blog.asked == ["/"] * 4


def test_a_server_that_is_away_is_told_in_words(owner, blog):
    blog.shutdown()
    blog.server_close()

    answer = check(owner, f"{blog.origin}/")

    assert answer.status_code == 422
    assert "refused the connection" in answer.text
    assert f'value="{blog.origin}/"' in answer.text


def test_a_server_that_speaks_no_http_is_told_in_words(app, owner, site):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
    answer = check(owner, url)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "url", ["", "amazon", "ftp://x.example/", "http://[", "https://me:secret@x.example/"], ids=ascii
)
def test_what_is_no_address_is_told_at_the_field(owner, url):
    answer = check(owner, url)

    assert answer.status_code == 422
    assert 'id="url-error"' in answer.text


def test_a_redirect_to_nowhere_is_told_in_words(owner, blog):
    blog.put("/", "", 302, Location="http://[")

    assert "leads on to no web address" in check(owner, f"{blog.origin}/").text


def test_a_page_of_more_than_a_megabyte_is_read_so_far(app, owner, blog):
    blog.put("/amazon/", with_snippet(app) + "x" * 1024 * 1024)

    answer = check(owner, f"{blog.origin}/amazon/")

    assert titles(answer, "problem") == []
    assert "The page is longer than a megabyte" in titles(answer, "warning")


def test_a_name_in_any_script_is_looked_up_as_the_wire_wants_it(app):
    asked = []

    def resolve(host, *_, **__):
        asked.append(host)
        raise socket.gaierror

    site = found_demo_site(app, slug="far", origins=["https://bücher.example"])
    with app.app_context(), pytest.raises(InvalidError):
        check_up(
            app.extensions[HOUSE],
            site,
            "https://bücher.example/",
            honeypot=HONEYPOT,
            reach=Reach(resolve=resolve),
        )
    assert asked == ["xn--bcher-kva.example"]


def looked_up(kind):
    def resolve(*_, **__):
        if kind == "unknown":
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]

    return Reach(resolve=resolve)


@pytest.mark.parametrize(
    ("kind", "words"), [("unknown", "was not found"), ("inside", "the setting webhook_allow")]
)
def test_a_name_that_leads_nowhere_or_inside_is_told_in_words(app, kind, words):
    site = found_demo_site(app, slug="far", origins=["https://far.example.org"])
    with app.app_context(), pytest.raises(InvalidError) as refused:
        check_up(
            app.extensions[HOUSE],
            site,
            "https://far.example.org/",
            honeypot=HONEYPOT,
            reach=looked_up(kind),
        )
    assert words in refused.value.errors["url"][0]


def test_the_pages_words_are_taken_over_when_the_owner_says_so(app, owner, blog):
    blog.put("/amazon/", with_snippet(app))
    check(owner, f"{blog.origin}/amazon/")
    assert rows(app, Thread) == []

    answer = check(owner, f"{blog.origin}/amazon/", action="words")

    assert answer.status_code == 303
    [thread] = rows(app, Thread)
    assert (thread.page, thread.title, thread.page_text) == ("/amazon/", "Amazon", "Coca rivers")
    assert thread.registered
    assert "Title and text of the page are stored" in owner.get(answer.location).text


def test_letters_of_any_script_in_an_address_are_taken(app, owner, blog):
    blog.put("/fl%C3%BCsse/", with_snippet(app, "/flüsse/"))

    answer = check(owner, f"{blog.origin}/flüsse/")

    assert answer.status_code == 200
    assert blog.asked == ["/fl%C3%BCsse/"]


# The test comment ------------------------------------------------------------------------


def try_it(owner, **fields):
    given = {"page": "/amazon/", "text": "Does it arrive?", **fields}
    return check(owner, "https://x.example", action="comment", **given)


def test_a_test_comment_waits_in_the_queue_marked_as_one(app, owner, site):
    answer = try_it(owner)

    [comment] = rows(app, Comment)
    assert (comment.status, comment.note, comment.name, comment.contact_id) == (
        Status.PENDING,
        TEST_NOTE,
        "Gatepost check",
        None,
    )
    assert f'href="/queue/{comment.public_id}"' in owner.get(answer.location).text
    assert TEST_NOTE in owner.get(f"/queue/{comment.public_id}").text


def test_a_test_comment_is_not_filed_by_a_rule(app, owner, site):
    set_policy(app, site, spam_tray_at=0.0)

    try_it(owner)

    assert [comment.status for comment in rows(app, Comment)] == [Status.PENDING]


def test_a_test_comment_moved_to_the_trash_can_be_sent_again(app, owner, site):
    try_it(owner)
    again = try_it(owner)
    assert (again.status_code, "Duplicate comment" in again.text) == (409, True)
    assert 'value="Does it arrive?"' in again.text

    move_to(app, site, rows(app, Comment)[0].public_id, Status.TRASH)

    assert try_it(owner).status_code == 303


def test_a_test_comment_goes_at_the_pace_of_every_comment(app, owner, site):
    slow_down(app, 1)
    assert try_it(owner).status_code == 303

    answer = try_it(owner, text="And again?")

    assert answer.status_code == 429
    assert "There is a problem" in answer.text
    assert len(rows(app, Comment)) == 1


def test_a_page_that_must_be_registered_must_be_so_for_a_test_comment_too(app, owner, site):
    set_policy(app, site, registered_pages_only=True)

    answer = try_it(owner)

    assert answer.status_code == 422
    assert "The site does not know this page." in answer.text
    assert rows(app, Comment) == []


def test_a_closed_page_takes_no_test_comment(app, owner, site):
    try_it(owner)
    close_thread(app)

    assert try_it(owner, text="Another").status_code == 410


def test_an_empty_test_comment_is_not_sent(app, owner, site):
    answer = try_it(owner, text=" ")

    assert answer.status_code == 422
    assert 'id="text-error"' in answer.text


def test_only_an_owner_checks(app, site, blog):
    hire(app, site, "Mo", Role.MODERATOR)
    client = visitor(app)
    sign_in(client, "Mo")

    assert client.get(CHECK).status_code == 403
    assert check(client, f"{blog.origin}/").status_code == 403
    assert blog.asked == []


def test_an_unknown_action_is_refused(owner, blog):
    assert check(owner, f"{blog.origin}/", action="mend").status_code == 400


def test_words_and_test_comment_are_stored_on_either_database(app_on_both):
    house = app_on_both.extensions[HOUSE]
    with app_on_both.app_context():
        site = site_of(app_on_both)
        found = Checkup(f"{ORIGIN}/amazon/", "/amazon/", [], "Amazon", "Coca rivers")
        take_over_words(house, site, found)
        accepted = send_test(house, site, "/amazon/", "Does it arrive?", b"n" * 16)

    [thread], [comment] = rows(app_on_both, Thread), rows(app_on_both, Comment)
    assert (thread.title, thread.page_text) == ("Amazon", "Coca rivers")
    assert (comment.thread_id, comment.public_id) == (thread.id, accepted.public_id)
    assert comment.note == TEST_NOTE
