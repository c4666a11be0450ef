"""Readers' languages: complete, well formed, chosen by the page, and one file each."""

import shutil

import pytest

from models import Role
from service.text import language
from service.text.language import CATALOGUES, ENGLISH, Language, language_for, languages, said
from tests.building import COMMENT
from tests.checks import catalogues
from tests.conftest import visitor
from tests.web.desk import elements, path_of, publish, send, send_json, set_policy, site_of
from tests.web.staff import hire, sign_in

OTHERS = tuple(code for code in languages() if code != ENGLISH)
HOSTILE = (
    "../../etc/passwd",
    "*",
    "x" * 500,
    "de-" * 40,
    "👍",
    "%00",
    "xx",
    "zh-Hant-TW-x-private",
    "",
)


@pytest.fixture(scope="module")
def wanted():
    return catalogues.template()


def test_the_languages_promised_are_there():
    assert languages() == ("en", "ar", "de", "es", "fr", "pt", "zh")


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_complete_and_well_formed(wanted, code):
    path = CATALOGUES / f"{code}.po"

    assert list(catalogues.faults(catalogues.read(path), wanted)) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_written_as_the_tool_writes_it(wanted, code):
    path = CATALOGUES / f"{code}.po"

    assert path.read_text("utf-8") == catalogues.updated(path, wanted)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (('msgstr "Kommentar"', 'msgstr ""'), "missing: Comment"),
        (('msgstr "%(name)s antworten"', 'msgstr "%(nom)s antworten"'), "other places"),
        (('msgstr "Kommentar"', 'msgstr " Kommentar"'), "blank at an end"),
        (('msgstr "Kommentar"', 'msgstr "<b>Kommentar</b>"'), "markup"),
        (('msgid "Comment"', 'msgid "Komment"'), "obsolete: Komment"),
    ],
    ids=["missing", "placeholder", "blank", "markup", "obsolete"],
)
def test_what_is_wrong_with_a_catalogue_is_found(wanted, tmp_path, fault, found):
    text = (CATALOGUES / "de.po").read_text("utf-8")
    assert fault[0] in text
    path = tmp_path / "de.po"
    path.write_text(text.replace(*fault, 1), "utf-8")

    assert any(line.startswith(found) for line in catalogues.faults(catalogues.read(path), wanted))


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_can_be_said(wanted, code):
    speaker = language_for(code)
    for message in wanted:
        if not message.id or isinstance(message.id, tuple):
            continue
        values = dict.fromkeys(catalogues.PLACE.findall(message.id), "X")
        told = speaker.say(said(message.id, **values))
        assert told
        assert "%(" not in told


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("en", ["0 comments", "1 comment", "2 comments", "1,234 comments"]),
        ("de", ["0 Kommentare", "1 Kommentar", "2 Kommentare", "1.234 Kommentare"]),
        ("fr", ["0 commentaire", "1 commentaire", "2 commentaires", "1\u202f234 commentaires"]),
        ("zh", ["0 条评论", "1 条评论", "2 条评论", "1,234 条评论"]),
        ("ar", ["لا تعليقات", "تعليق واحد", "تعليقان", "1,234 تعليقًا"]),
    ],
)
def test_numbers_take_the_form_of_the_language(code, numbers):
    speaker = language_for(code)
    one, many = "%(number)s comment", "%(number)s comments"

    told = [
        speaker.catalogue.ngettext(one, many, number) % {"number": speaker.number(number)}
        for number in (0, 1, 2, 1234)
    ]

    assert told == numbers


def test_arabic_has_its_six_forms():
    speaker = language_for("ar")
    forms = [
        speaker.catalogue.ngettext("%(number)s comment", "%(number)s comments", number)
        for number in (0, 1, 2, 3, 11, 100)
    ]

    assert len(set(forms)) == 6


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("pt-BR", "pt"),
        ("PT-pt", "pt"),
        ("zh-Hant", "zh"),
        ("zh_CN", "zh"),
        ("de-AT-1901", "de"),
        *((tag, "en") for tag in HOSTILE if not tag.startswith("zh")),
    ],
)
def test_a_tag_finds_the_nearest_language_or_english(tag, code):
    assert language_for(tag).code == code


def test_numbers_within_a_text_get_the_language_s_separators():
    text = said("Comment must be %(limit)s characters or fewer", limit=10000)

    assert text == "Comment must be 10,000 characters or fewer"
    assert "10.000 Zeichen" in language_for("de").say(text)


@pytest.mark.parametrize("tag", HOSTILE)
def test_no_tag_breaks_a_door(client, tag):
    query = {"page": "/amazon", "lang": tag}

    for door in ("thread.html", "thread.atom", "form"):
        assert client.get(f"/s/blog/{door}", query_string=query).status_code == 200
    assert client.get("/embed.json", query_string={"lang": tag}).status_code == 200
    assert send_json(client, lang=tag).status_code == 202
    assert client.get("/nowhere", headers={"Accept-Language": "de-*;q=x, ,;"}).status_code == 404


def test_the_page_s_language_goes_before_the_site_s(app, client):
    set_policy(app, site_of(app), language="de")

    ask = {"page": "/amazon"}
    assert 'lang="de"' in client.get("/s/blog/form", query_string=ask).text
    assert 'lang="es"' in client.get("/s/blog/form", query_string={**ask, "lang": "es"}).text
    assert 'lang="de"' in client.get("/s/blog/form", query_string={**ask, "lang": "xx"}).text


@pytest.mark.parametrize("code", OTHERS)
def test_mistakes_are_told_in_the_page_s_language(client, code):
    page = send(client, comment="", lang=code).text
    document = send_json(client, comment="", lang=code).json

    message = language_for(code).say(said("Enter your comment"))
    assert message in page
    assert document["errors"]["comment"] == [message]
    assert language_for(code).say(said("There is a problem")) in page


def test_right_to_left_is_said_of_every_page(app, client):
    answer = send(client, lang="ar")
    thanks = client.get(answer.location)
    [link] = [at["href"] for at, _ in elements(thanks.text, "a") if "receipts" in at["href"]]
    receipt = client.get(path_of(link))
    hosted = client.get("/s/blog/form?page=/amazon&lang=ar")
    mistake = send(client, comment="", lang="ar")
    missing = client.get("/nowhere", headers={"Accept-Language": "ar"})

    for page in (thanks, receipt, hosted, mistake, missing):
        assert '<html lang="ar" dir="rtl">' in page.text


def test_the_receipt_keeps_to_the_language_the_comment_was_written_in(client):
    receipt = send_json(client, lang="pt-BR").json["receipt"]

    page = client.get(path_of(receipt), headers={"Accept-Language": "de"})

    assert '<html lang="pt" dir="ltr">' in page.text
    assert "Aguardando moderação" in page.text


def test_dates_follow_the_language(app, client):
    publish(app, client, site_of(app))

    def shown(code):
        return client.get(f"/s/blog/thread.html?page=/amazon&lang={code}").text

    assert "23 November 2026, 12:00 UTC" in shown("en")
    assert "23. November 2026, 12:00 UTC" in shown("de")
    assert "23 de noviembre de 2026, 12:00 UTC" in shown("es")
    assert "2026年11月23日 12:00 UTC" in shown("zh")


def test_the_snippet_speaks_the_site_s_language_and_the_page_round_it_does_not(app):
    set_policy(app, site_of(app), language="fr")
    hire(app, site_of(app), "Olga", Role.OWNER)
    olga = visitor(app)
    sign_in(olga, "Olga")

    page = olga.get("/sites/blog").text

    assert "Votre adresse e-mail ne sera pas publiée." in page
    assert '<html lang="en"' in page
    assert "Paste this where the comments shall stand" in page


def test_another_language_is_one_file(tmp_path, monkeypatch, app):
    for path in CATALOGUES.glob("*.po"):
        shutil.copy(path, tmp_path)
    shutil.copy(tmp_path / "es.po", tmp_path / "gl.po")
    caches = (language.languages, language._by_tag, language._load)  # noqa: SLF001 - to be read anew
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    for cache in caches:
        cache.cache_clear()
    try:
        assert "gl" in languages()
        page = send(visitor(app), **{**COMMENT, "comment": ""}, lang="gl").text
        assert '<html lang="gl" dir="ltr">' in page
        assert isinstance(language_for("gl"), Language)
        assert language_for("gl").name == "Galego"
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()
