"""A scripted moderator who decides comments by keys, and what became of each of them."""

import sqlalchemy as sa

from models import Comment, Decision, Event, Status
from service.app import create_app
from service.db import db
from tests.bench.crowd import crowd
from tests.building import found_demo_site
from tests.serving import Service, pause
from tests.web.staff import PASSWORD, hire

KEYS = {"a": Status.APPROVED, "s": Status.SPAM, "d": Status.TRASH}
PATIENCE = 60.0  # seconds for the last answers to come

# What a moderator waits for: from his key to the frame in which the next card has the focus.
STOPWATCH = """() => {
  window.waits = [];
  let began = 0;
  document.addEventListener("keydown", () => { began = performance.now(); }, true);
  document.getElementById("cards").addEventListener("focusin", (event) => {
    if (!event.target.matches(".card") || !began) return;
    const from = began;
    began = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => waits.push(performance.now() - from)));
  });
}"""
# The same without any work: how long two frames and a focus take in this browser, here and now.
BARE = """async () => {
  const cards = [...document.querySelectorAll("#cards .card:not([hidden])")].slice(0, 20);
  const taken = [];
  for (const card of cards) {
    const from = performance.now();
    card.focus({ preventScroll: true });
    await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    taken.push(performance.now() - from);
  }
  return taken;
}"""


class NightShift:
    """A site with many comments of which some wait, and the service as a process of its own."""

    def __init__(self, folder, *, comments, waiting):
        self.service = Service(folder)
        self.app = create_app(self.service.settings())
        self.site = found_demo_site(self.app, origins=["http://127.0.0.1:1"])
        crowd(self.app, self.site, comments, waiting=waiting)
        hire(self.app, self.site)
        self.verdicts = {}

    def open_queue(self, page):
        """Sign in and switch the keys on."""
        page.goto(f"{self.service.base_url}/login")
        page.get_by_label("Email address").fill("ana@staff.example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#help summary").click()
        page.get_by_role("button", name="Switch keys on").click()
        page.wait_for_selector("[data-shortcuts='1']")

    def decide(self, page, number):
        """Decide so many comments by keys; return the waits in milliseconds and the bare ones."""
        bare = page.evaluate(BARE)
        page.evaluate("document.querySelector('#cards .card').focus()")
        page.evaluate(STOPWATCH)
        for turn in range(number):
            at = page.wait_for_selector(".card.current").get_attribute("data-id")
            key = "asd"[turn % 3]
            self.verdicts[at] = KEYS[key]
            page.keyboard.press(key)
            page.wait_for_function(
                "was => document.querySelector('.card.current')?.dataset.id !== was", arg=at
            )
        return page.evaluate("waits"), bare

    def wrong_or_lost(self):
        """What is not as the keys said, once everything has been answered."""
        for _ in range(int(PATIENCE / 0.1)):
            if self._count(Decision) >= len(self.verdicts):
                break
            pause(0.1)
        with self.app.app_context():
            query = sa.select(Comment.public_id, Comment.status, sa.func.count(Decision.id))
            query = query.join(Decision).group_by(Comment.public_id, Comment.status)
            found = {name: (status, many) for name, status, many in db.session.execute(query)}
        return {
            name: found.get(name)
            for name, status in self.verdicts.items()
            if found.get(name) != (status, 1)
        }

    def events(self):
        """How many events the decisions wrote."""
        return self._count(Event)

    def _count(self, table):
        with self.app.app_context():
            return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def percentile(values, share):
    """The value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
