"""A reader's address is in no answer but one, no log, webhook or byte of the database."""

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Bell
from threading import Thread
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from models import Comment, Delivery, Endpoint, Role
from service.app import create_app
from service.db import db, transaction
from service.web.context import HOUSE
from service.webhooks import endpoints
from tests.building import ORIGIN, found_demo_site, rows
from tests.leaks import disguises, leaks
from tests.serving import ROOT, Service
from tests.web.api.programs import key_for
from tests.web.caller import akismet_key
from tests.web.desk import send_json
from tests.web.staff import PASSWORD, hire

CANARY = "Zq7Canary.x91k@leak-probe-4471.org"
NETWORK = "203.0.113.77"
"""A reader's, as a program names it."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = "/canary"
METRICS_TOKEN = "a-token-for-prometheus"
THE_ONE_DOOR = "POST /queue/<public_id>/address"
"""Where an owner is shown an address; no other answer of ours holds one."""


class Receiver:
    """A webhook receiver that keeps what it gets."""

    def __init__(self):
        kept, bell = [], Bell()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append(str(self.headers).encode() + body)
                self.send_response(200)
                self.end_headers()
                bell.set()

            def log_message(self, *_):
                """Say nothing."""

        self.kept, self.bell = kept, bell
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, kind):
        for _ in range(100):
            if any(kind in message for message in self.kept):
                return
            self.bell.wait(0.1)
            self.bell.clear()
        raise AssertionError(f"no {kind} came")


class Run:
    """A service, a reader with a canary address, a moderator; everything they are told is kept."""

    def __init__(self, service, key, endpoint):
        self.service = service
        self.key = key
        self.endpoint = endpoint
        """Path of the page of its webhook."""
        self.told: dict[str, bytes] = {}
        self.cookie = ""

    def ask(self, name, method, path, body=None, headers=None):
        connection = self.service.connection()
        sent = {"Cookie": self.cookie} if self.cookie else {}
        connection.request(method, path, body, {**sent, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.told[name] = str(answer.headers).encode() + content
        if answer.headers.get("Set-Cookie"):
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer, content.decode()

    def form(self, name, path, /, **fields):
        headers = {**FORM, "Sec-Fetch-Site": "same-origin"}
        return self.ask(name, "POST", path, urlencode(fields), headers)

    def comment(self, name, **changes):
        fields = {"comment": "The river", "author": "Ana", "email": CANARY, "page": PAGE, **changes}
        # A form that comes back with a mistake keeps what was typed, for the reader who typed it;
        # a program gets problems alone.
        headers = {**FORM, "Accept": "application/json"} if name.endswith("JSON") else FORM
        return self.ask(name, "POST", "/s/blog/comments", urlencode(fields), headers)


def database_bytes(service, url):
    if not url.startswith("postgresql"):
        folder = Path(service.folder)
        files = [*(folder / "data").glob("*"), *folder.glob("**/*.db*")]
        return {f"file {path.name}": path.read_bytes() for path in files if path.is_file()}
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        # Bytes are looked at as they are: written out, one of 0x91 before a "k" is a canary's part.
        names = sa.inspect(connection).get_table_names()
        dump = {
            f"table {name}": repr(
                [
                    [v for v in row if not isinstance(v, (bytes, memoryview))]
                    for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))
                ]
            ).encode()
            + b"".join(
                bytes(value)
                for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))
                for value in row
                if isinstance(value, (bytes, memoryview))
            )
            for name in names
        }
    engine.dispose()
    return dump


@pytest.fixture
def run(tmp_path, database_url):
    url = database_url if database_url.startswith("postgresql") else ""
    service = Service(
        tmp_path,
        url,
        log_level="debug",
        undo_hold=0,
        webhook_allow="127.0.0.0/8",
        metrics_token=METRICS_TOKEN,
    )
    with Receiver() as receiver:
        app = create_app(service.settings())
        site = found_demo_site(app)
        hire(app, site, role=Role.OWNER)
        with app.app_context():
            hook = f"http://127.0.0.1:{receiver.server.server_port}/"
            made = endpoints.add_endpoint(app.extensions[HOUSE], site.id, url=hook)
        with service:
            path = f"/sites/blog/endpoints/{made.endpoint.public_id}"
            yield Run(service, akismet_key(app, site), path), receiver, app, url
        with app.app_context():
            db.engine.dispose()


def play(run, receiver):
    """Walk through everything a reader and a moderator can do."""
    answer, _page = run.comment("thanks", submission_id="once")
    run.ask("thank-you page", "GET", answer.headers["Location"])
    token = re.search(r"/receipts/([^\"?]+)", run.told["thank-you page"].decode()).group(1)
    run.comment("the same again", submission_id="once")
    run.comment("duplicate in JSON", submission_id="twice")
    headers = {"Content-Type": "application/json", "Origin": ORIGIN}
    body = f'{{"comment":"","author":"","email":"{CANARY}","page":"{PAGE}"}}'
    assert run.ask("422 in JSON", "POST", "/s/blog/comments", body, headers)[0].status == 422
    run.ask("400", "POST", "/s/blog/comments", body + "}", headers)
    run.ask("415", "POST", "/s/blog/comments", body, {"Content-Type": "text/plain"})
    run.ask("404", "GET", f"/s/none/thread.json?email={CANARY[:0]}")
    run.form("login", "/login", email="ana@staff.example.org", password=PASSWORD)
    _answer, queue = run.ask("queue", "GET", "/queue")
    csrf = re.search(r'name="csrf" value="([^"]+)"', queue).group(1)
    public_id = re.search(r'id="comment-([a-z0-9]+)"', queue).group(1)
    run.ask("card", "GET", f"/queue/{public_id}")
    decided = run.form("decide", f"/queue/{public_id}", csrf=csrf, status="approved", version=1)
    assert decided[0].status == 303
    receiver.wait_for(b"comment.approved")
    for name in ("thread.json", "thread.html", "counts", "form"):
        run.ask(name, "GET", f"/s/blog/{name}?page={PAGE}")
    staff(run, csrf, public_id)
    programs(run)
    run.ask("settings", "GET", "/sites/blog")
    bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert "gatepost_database_up 1.0" in run.ask("metrics", "GET", "/metrics", headers=bearer)[1]
    run.ask("receipt", "GET", f"/receipts/{token}")
    run.form("edit", f"/receipts/{token}", action="edit", comment="The river, again")
    return token


def deliveries(run, app):
    """Look at what was sent, and sign it again."""
    log = f"/sites/blog/endpoints/{rows(app, Endpoint)[0].public_id}/deliveries"
    first = rows(app, Delivery)[0].public_id
    signed = f"{log.removesuffix('deliveries')}signature?delivery={first}"
    for page in (log, f"{log}/{first}", signed):
        assert run.ask(page, "GET", page)[0].status == 200


def staff(run, csrf, public_id):
    """Walk through what else a moderator and an owner can do with a comment."""
    path = f"/queue/{public_id}"
    words = {"name": "Ana", "website": "", "text": "The river, edited"}
    for name, answer in (
        ("edit by staff", run.form("edit by staff", f"{path}/edit", csrf=csrf, version=2, **words)),
        ("answer", run.form("answer", f"{path}/answer", csrf=csrf, version=3, text="Thank you")),
        ("author", run.form("author", "/queue/author", csrf=csrf, address=CANARY)),
        ("many", run.form("many", "/queue/matching", csrf=csrf, status="approved", to="spam")),
    ):
        assert (name, answer[0].status) == (name, 303)
    for name, reason, status in ((THE_ONE_DOOR, "legal", 200), ("no reason", "", 422)):
        looked = run.form(name, f"{path}/address", csrf=csrf, reason=reason)
        assert (name, looked[0].status) == (name, status)
    for page in (
        path, "/queue?status=all&q=river", "/queue/more?status=all", "/statistics",
        "/queue/changes?since=2026-11-23T12:00:00%2B00:00", "/sites/blog/audit",
        "/sites/blog/audit.jsonl", "/sites/blog/team", f"/queue?status=all&author={public_id}",
        "/notices", "/sites/blog/endpoints", run.endpoint,
    ):  # fmt: skip
        assert run.ask(page, "GET", page)[0].status == 200


def programs(run):
    """Let a program with an Akismet key ask about a comment of the same reader, and report it."""
    fields = {"api_key": run.key, "blog": ORIGIN, "comment_author_email": CANARY}
    fields |= {"comment_content": f"Write to {CANARY}", "comment_author": CANARY}
    for door in ("comment-check", "submit-spam", "submit-ham"):
        headers = {**FORM, "Accept": "application/json"}
        answer, _body = run.ask(door, "POST", f"/1.1/{door}", urlencode(fields), headers)
        assert answer.status == 200


def program(run, app):
    """Walk through what a program can do with a comment, and with an address of either kind."""
    shown = key_for(app)
    key = {"Authorization": f"Bearer {shown}", "Content-Type": "application/json"}
    given = {"author": "Ana", "email": CANARY, "page": PAGE, "ip": NETWORK}

    def ask(name, path, body=None, **headers):
        method = "GET" if body is None else "POST"
        told = None if body is None else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return run.ask(f"API: {name}", method, f"/api/v1/{path}", told, {**key, **sent})

    for name in ("handed in", "handed in again"):
        answer, told = ask(name, "comments", {**given, "comment": "By API"}, Idempotency_Key="1")
        assert (name, answer.status) == (name, 202)
    path = f"comments/{json.loads(told)['id']}"
    for name, address, body, status in (
        ("mistakes", "comments", {**given, "ip": f"{NETWORK}!"}, 422),
        ("scored", "score", {"email": CANARY, "comment": "By API"}, 200),
        ("one", path, None, 200),
        ("list", "comments?q=API", None, 200),
        ("decided", f"{path}/decision", {"status": "approved", "version": 1}, 200),
        ("stale", f"{path}/decision", {"status": "spam", "version": 1}, 409),
        ("many", "comments/decisions", {"status": "spam", "comments": [{"id": "none",
                                                                       "version": 1}]}, 200),
        ("threads", "threads", None, 200),
        ("events", "events?after=0", None, 200),
        ("endpoints", "endpoints", None, 200),
        ("sites", "sites", None, 200),
        ("model", "model/candidates", None, 200),
        ("statistics", "statistics", None, 200),
        ("export", "privacy/export", {"address": CANARY}, 200),
        ("export by comment", "privacy/export", {"comment": path.rpartition("/")[2]}, 200),
        ("export of two", "privacy/export", {"address": CANARY, "comment": "x"}, 422),
        ("erasure of two", "privacy/erase", {"address": CANARY, "comment": "x"}, 422),
    ):  # fmt: skip
        assert (name, ask(name, address, body)[0].status) == (name, status)
    hook = json.loads(run.told["API: endpoints"].partition(b"\n\n")[2])["items"][0]["id"]
    log = json.loads(ask("deliveries", f"endpoints/{hook}/deliveries")[1])["items"]
    assert ask("delivery", f"deliveries/{log[0]['id']}")[0].status == 200
    return shown


def test_a_readers_address_shows_nowhere(run):
    reader, receiver, app, url = run
    token = play(reader, receiver)
    key = program(reader, app)
    deliveries(reader, app)

    places = dict(reader.told)
    head, _, page = places.pop(THE_ONE_DOOR).partition(b"\n\n")
    assert CANARY.encode() in page
    places["headers of the one door"] = head
    places["log"] = reader.service.log.read_bytes()
    places["webhooks"] = b"\n".join(receiver.kept)
    places |= database_bytes(reader.service, url)
    assert len(receiver.kept) >= 2
    assert sum(map(len, places.values())) > 50_000
    assert leaks(CANARY, places) == []
    for secret in (NETWORK, key):
        assert [place for place, told in places.items() if secret.encode() in told] == []

    export = reader.form("export", f"/receipts/{token}", action="export")[1]
    assert CANARY.lower() in export.lower(), (
        "the author's own export proves that the address is kept"
    )

    reader.form("erase", f"/receipts/{token}", action="erase", with_text="1")
    receiver.wait_for(b"comment.erased")
    reader.service.stop()
    assert leaks(CANARY, database_bytes(reader.service, url)) == []


@pytest.mark.parametrize(
    "leak",
    [
        lambda address: address,
        lambda address: address.lower().partition("@")[0],
        lambda address: hashlib.md5(address.lower().encode()).hexdigest(),
        lambda address: hashlib.sha256(address.encode()).hexdigest(),
        lambda address: address[::-1],
    ],
    ids=["plain", "local part", "md5", "sha256", "reversed"],
)
def test_a_planted_leak_is_found(app, client, leak):
    send_json(client, email=CANARY)
    path = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    with app.app_context(), transaction() as session:
        session.scalars(sa.select(Comment)).one().note = leak(CANARY)
    places = {file.name: file.read_bytes() for file in path.parent.glob(path.name + "*")}
    assert leaks(CANARY, places)


def test_of_all_doors_one_opens_an_address():
    """The author's own export comes from the deed behind his receipt."""
    doors = (ROOT / "service" / "web").rglob("*.py")
    assert [path.name for path in doors if ".reveal()" in path.read_text("utf-8")] == ["address.py"]
    assert naming("open_sealed(") == ["privacy.py", "sealed.py"], "it asks for an address's time"
    assert naming("open_address(") == ["mail.py", "receipts.py", "reveal.py", "sealed.py"]


def naming(name):
    files = (ROOT / "service").rglob("*.py")
    return sorted(path.name for path in files if name in path.read_text("utf-8"))


def test_the_scanner_knows_three_hundred_disguises():
    assert len(disguises(CANARY)) >= 300
