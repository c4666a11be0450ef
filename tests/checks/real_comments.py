"""Real comments through the real door: all stored, none published, judged as the card says.

    python -m tests.checks.real_comments FOLDER [--number 500]

FOLDER holds dev.jsonl or dev.jsonl.gz: labelled comments, one JSON object a line with `text`,
`author`, `url`, `title`, `thread`, `label`, `quality`. Half of those sent are spam.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from models import Comment, Status
from service.app import create_app
from service.sites.changes import change_site
from service.web.context import HOUSE
from tests.building import ORIGIN, found_demo_site, rows
from tests.serving import Service

PACE = {
    "submissions_burst": 1_000_000,
    "submissions_per_minute": 1_000_000,
    "site_burst": 1_000_000,
    "site_per_minute": 1_000_000,
}
TRAY = 0.95  # probability at which the site files to its spam tray
BY_PERSON = ("moderator", "moderator+review", "published", "annotated")


def chosen_rows(folder: Path, number: int) -> list[dict]:
    """Return as many ham as spam rows of blog comments, the same ones at each call."""
    path = next(path for path in folder.glob("dev.jsonl*"))
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        every = [json.loads(line) for line in lines]
    chance = random.Random(1)
    found = []
    for label in ("ham", "spam"):
        of_label = [row for row in every if row["label"] == label and row["quality"] in BY_PERSON]
        found += chance.sample(of_label, number // 2)
    chance.shuffle(found)
    return found


def send(service: Service, row: dict, number: int) -> tuple[int, dict]:
    """Post one row as a reader would."""
    body = {
        "comment": row["text"][:10_000],
        "author": (row["author"] or "Anonymous")[:245],
        "email": f"reader{number}@example.org",
        "page": f"/{row.get('thread') or row['site']}"[:500],
        "title": row.get("title") or "",
        "url": row.get("url") or "",
    }
    answer = service.post_json("/s/blog/comments", body, {"Origin": ORIGIN})
    if answer[0] == 422 and set(answer[1]["errors"]) == {"url"}:
        # What the form refuses as a website is told to the reader; he would send without it.
        answer = service.post_json("/s/blog/comments", body | {"url": ""}, {"Origin": ORIGIN})
    return answer


def measure(folder: Path, work: Path, number: int) -> dict[str, object]:
    """Send the comments and return the figures.

    Raises:
        AssertionError: something was lost, published, or filed against the policy.
    """
    service = Service(work, **PACE)
    app = create_app(service.settings())
    site = found_demo_site(app)
    with app.app_context():
        policy = replace(site.policy, spam_tray_at=TRAY)
        change_site(
            app.extensions[HOUSE], site.id, name=site.name, origins=site.origins, policy=policy
        )
    labels, answers = {}, Counter()
    with service:
        for position, row in enumerate(chosen_rows(folder, number)):
            status, answer = send(service, row, position)
            answers[status] += 1
            if status == 202:
                labels[answer["id"]] = row["label"]
    stored = {comment.public_id: comment for comment in rows(app, Comment)}
    assert set(stored) == set(labels), "acknowledged and stored differ"
    assert {one.status for one in stored.values()} <= {Status.PENDING, Status.SPAM}
    for one in stored.values():
        filed = one.status is Status.SPAM
        assert not filed or one.probability >= TRAY, "filed below the threshold"
    return {"answers": dict(answers), **_judged(stored, labels)}


def _judged(stored: dict[str, Comment], labels: dict[str, str]) -> dict[str, object]:
    ham = sorted(
        (stored[name].probability for name, label in labels.items() if label == "ham"), reverse=True
    )
    spam = [stored[name].probability for name, label in labels.items() if label == "spam"]
    at_one_percent = ham[max(0, len(ham) // 100)]
    return {
        "ham": len(ham),
        "spam": len(spam),
        "published": 0,
        "in the tray": sum(one.status is Status.SPAM for one in stored.values()),
        "recall at 1 % false alarms": round(_share(spam, at_one_percent, strictly=True), 3),
        "recall at .5": round(_share(spam, 0.5), 3),
        "false alarms at .5": round(_share(ham, 0.5), 3),
        "recall at .95": round(_share(spam, TRAY), 3),
        "false alarms at .95": round(_share(ham, TRAY), 3),
    }


def _share(probabilities: list[float], threshold: float, *, strictly: bool = False) -> float:
    hits = sum(p > threshold if strictly else p >= threshold for p in probabilities)
    return hits / len(probabilities)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for name, value in measure(chosen.folder, Path(work), chosen.number).items():
            print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
