"""What keeps people out of a page, as axe finds it."""

from axe_playwright_python.sync_playwright import Axe

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that look at colours: a page by night differs from the same by day in nothing else."""


def rules_for(scheme, rules=WCAG):
    """All rules by day, those of colours by night."""
    return rules if scheme == "light" else COLOURS


def barriers(page, rules=WCAG):
    """Each rule that is broken, with the first element that breaks it.

    Args:
        rules: axe's options; None = every rule it has, good practice too.
    """
    # Elements that break nothing are not listed: that took half the time.
    options = {**(rules or {}), "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]
