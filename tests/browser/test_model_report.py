"""The report page of an evaluation in a real browser: readable by all, quiet, on any screen."""

import numpy as np
import pytest

from models.spam import load_base
from models.spam.measuring.figures import Evaluation, Peer, Replayed, Speed, Step, Stretch
from models.spam.measuring.measures import figures, shape, share
from models.spam.measuring.report import write_report
from tests.browser.barriers import barriers, rules_for

NAMES = ("haacked, never seen", "joehx, never seen")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    chance = np.random.default_rng(1)
    logits = np.concatenate([chance.normal(-2, 2, 900), chance.normal(3, 2, 300)])
    labels = np.arange(1200) >= 900
    found = {
        name: figures(name, logits, labels) for name in ("blogs", "blogs and archives", "garden")
    }
    caught, flagged = share(logits[labels] > 0), share(logits[~labels] > 0)
    everything = tuple(found.values())
    evaluation = Evaluation(
        sets=everything,
        languages=(("de", flagged),),
        attacks=(("none", caught), ("a very long name of a disguise", caught)),
        left_out=everything,
        speed=(Speed(200, 300.0, 900.0),),
        times=everything,
        shapes=tuple(shape(name, logits, labels) for name in (*found, *NAMES)),
        learning=tuple(Step(part, 100, everything[0]) for part in (0.1, 0.5, 1.0)),
        peers=(Peer("spamprobe", sets=everything), Peer("bogofilter", missing="not installed")),
        replayed=(
            Replayed("garden", everything[0], everything[:2], (Stretch(600, caught, flagged),)),
        ),
    )
    return write_report(load_base(), evaluation, tmp_path_factory.mktemp("report"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_breaks_no_rule_of_axe_and_fits_the_screen(browser, report, scheme, width):
    # Axe is a script, which the page's own policy refuses.
    context = browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto(report.as_uri())

    assert barriers(page, rules_for(scheme, None)) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_report_complains_of_nothing_and_asks_for_nothing(browser, report):
    told, asked = [], []
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(report.as_uri())

    assert page.locator("svg.plot").count() == 8
    assert (told, asked) == ([], [report.as_uri()])
    context.close()
