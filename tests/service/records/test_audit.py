"""The audit log: append-only in the database itself, sealed, and honest about what is not yet."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from models import AuditEntry, AuditSeal, Thread
from service.cli import main
from service.db import db, transaction
from service.records.audit import by_moderator, record
from service.records.audit_seals import MOST, export, seal, verify, verify_export
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import visitor
from tests.web.desk import send_json, site_of
from tests.web.staff import hire, sign_in, submit_form


def act(app, number=1):
    """Write so many acts down."""
    with app.app_context(), transaction() as session:
        for place in range(number):
            subject = {"comment": f"c{place}", "decision": place}
            record(session, app.extensions[HOUSE], by_moderator(7), "comment.spam", subject=subject)


def seal_all(app):
    with app.app_context():
        while seal(app.extensions[HOUSE]):
            pass


def looked(app):
    with app.app_context():
        return verify()


def force(app, *statements):
    """Change the log behind the back of the triggers, as who owns the database can."""
    with app.app_context(), db.engine.begin() as connection:
        if db.engine.dialect.name == "sqlite":
            for name in ("entry_kept", "entry_unchanged", "seal_kept", "seal_unchanged"):
                connection.execute(sa.text(f"DROP TRIGGER IF EXISTS audit_{name}"))
        else:
            for table in ("audit_entry", "audit_seal"):
                connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(sa.text(statement))


def test_what_was_done_is_sealed_and_found_as_it_was(app_on_both):
    act(app_on_both, MOST + 20)
    seal_all(app_on_both)
    act(app_on_both, 3)
    verdict = looked(app_on_both)

    assert (verdict.entries, verdict.seals, verdict.fault) == (MOST + 20, 2, "")
    assert (verdict.unsealed, verdict.tail) == (3, (MOST + 21, MOST + 23))
    assert [one.entries for one in rows(app_on_both, AuditSeal)] == [MOST, 20]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET act = 'comment.approve' WHERE id = 1",
        "UPDATE audit_entry SET seal_id = NULL WHERE id = 1",
        "UPDATE audit_entry SET act = 'x' WHERE id = 3",
        "DELETE FROM audit_entry WHERE id = 1",
        "DELETE FROM audit_entry WHERE id = 3",
        "UPDATE audit_seal SET entries = 1",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_refuses_to_change_the_log(app_on_both, statement):
    act(app_on_both, 2)
    seal_all(app_on_both)
    act(app_on_both)
    with (
        app_on_both.app_context(),
        pytest.raises(DatabaseError, match="append-only"),
        db.engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))
    assert looked(app_on_both).fault == ""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entry SET act = 'comment.approve' WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET actor_id = 8 WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET actor_kind = 'key' WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET site_id = 1 WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET at = '2026-01-01 00:00:00' WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET subject = '{}' WHERE id = 2", "An entry under seal 1"),
        ("UPDATE audit_entry SET id = 99 WHERE id = 2", "An entry under seal 1"),
        ("DELETE FROM audit_entry WHERE id = 2", "covers 3 entries, and 2 are there"),
        ("UPDATE audit_entry SET seal_id = 2 WHERE id = 3", "covers 3 entries, and 2 are there"),
        ("UPDATE audit_entry SET seal_id = NULL WHERE id = 3", "covers 3 entries, and 2"),
        ("UPDATE audit_seal SET digest = previous WHERE id = 1", "An entry under seal 1"),
        ("UPDATE audit_seal SET entries = 2 WHERE id = 1", "covers 2 entries, and 3 are there"),
    ],
)
def test_any_change_to_what_was_sealed_is_found(app_on_both, statement, said):
    act(app_on_both, 3)
    seal_all(app_on_both)
    act(app_on_both, 3)
    seal_all(app_on_both)
    force(app_on_both, statement)

    verdict = looked(app_on_both)
    assert said in verdict.fault
    assert verdict.seals == 0


def test_a_missing_seal_is_found(app_on_both):
    for _ in range(3):
        act(app_on_both, 2)
        seal_all(app_on_both)
    force(
        app_on_both,
        "DELETE FROM audit_entry WHERE seal_id = 2",
        "DELETE FROM audit_seal WHERE id = 2",
    )
    verdict = looked(app_on_both)
    assert verdict.fault.startswith("Seal 3 does not follow")
    assert (verdict.seals, verdict.entries) == (1, 2)


def test_an_export_can_be_verified_without_the_database(app_on_both):
    act(app_on_both, 3)
    seal_all(app_on_both)
    act(app_on_both, 2)
    with app_on_both.app_context():
        lines = list(export())

    good = verify_export(lines)
    assert (good.entries, good.seals, good.fault, good.unsealed) == (3, 1, "", 2)
    changed = [line.replace(b"comment.spam", b"comment.approve") for line in lines]
    assert "An entry under seal 1" in verify_export(changed).fault
    assert "covers 3 entries, and 2" in verify_export(lines[1:]).fault


def test_the_command_line_verifies_and_exports(
    make_app, sqlite_url, tmp_path, monkeypatch, capfdbinary
):
    app = make_app(sqlite_url)
    act(app, 3)
    seal_all(app)
    act(app)
    for name in ("data_dir", "key_ring", "database_url", "base_url"):
        monkeypatch.setenv(
            f"GATEPOST_{name.upper()}", str(getattr(app.extensions[HOUSE].settings, name))
        )

    assert main(["audit", "verify"]) == 0
    said = capfdbinary.readouterr().out.decode()
    assert "3 entries under 1 seals are as they were sealed." in said
    assert "Not sealed yet: 1 entries, numbers 4 to 4." in said
    assert main(["audit", "export"]) == 0
    lines = capfdbinary.readouterr().out
    assert [json.loads(line).get("act", "seal") for line in lines.splitlines()] == [
        "comment.spam", "comment.spam", "comment.spam", "seal", "comment.spam",
    ]  # fmt: skip
    kept = tmp_path / "log.jsonl"
    kept.write_bytes(lines.replace(b'"c1"', b'"c9"'))
    assert main(["audit", "verify", "--file", str(kept)]) == 1
    assert b"BROKEN after 0 good seals" in capfdbinary.readouterr().out
    kept.write_bytes(b"nonsense")
    assert main(["audit", "verify", "--file", str(kept)]) == 1
    force(app, "UPDATE audit_entry SET act = 'x' WHERE id = 1")
    assert main(["audit", "verify"]) == 1


def test_owners_read_the_log_in_words_and_take_it_along(app_on_both):
    site = site_of(app_on_both)
    hire(app_on_both, site, role="owner")
    ana = visitor(app_on_both)
    sign_in(ana)
    public_id = send_json(visitor(app_on_both)).json["id"]
    submit_form(ana, f"/queue/{public_id}", status="spam", version=1)
    page = ana.get("/sites/blog/audit").text

    assert "called a comment spam" in page
    assert "not yet" in page
    seal_all(app_on_both)
    assert "<td>yes</td>" in ana.get("/sites/blog/audit?act=comment.spam").text
    assert "called a comment spam</td>" not in ana.get("/sites/blog/audit?act=team.join").text
    download = ana.get("/sites/blog/audit.jsonl")
    assert json.loads(download.text.splitlines()[-1])["subject"]["comment"] == public_id
    assert len(rows(app_on_both, AuditEntry, AuditEntry.site_id == site.id)) == len(
        download.text.splitlines()
    )


def test_what_owners_change_is_in_the_log_in_words(app_on_both):
    site = site_of(app_on_both)
    hire(app_on_both, site, role="owner")
    ana = visitor(app_on_both)
    sign_in(ana)
    send_json(visitor(app_on_both))
    submit_form(ana, "/sites/blog", name="Blog", origins="https://blog.example.org", depth="5",
                trailing_slash="keep", page_query="keep", language="en")  # fmt: skip
    submit_form(ana, "/sites/blog/endpoints", url="https://hooks.example.org/")
    submit_form(ana, "/sites/blog/model", action="pause")
    number = rows(app_on_both, Thread)[0].id
    submit_form(ana, f"/sites/blog/pages/{number}", action="close")
    acts = [one.act for one in rows(app_on_both, AuditEntry, AuditEntry.site_id == site.id)]

    assert acts == ["site.change", "endpoint.add", "model.pause", "page.close"]
    page = ana.get("/sites/blog/audit").text
    for words in ("changed settings or rules", "added a webhook", "closed a page"):
        assert f"<td>{words}</td>" in page
