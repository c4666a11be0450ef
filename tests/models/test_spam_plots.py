"""Plots say what they show: in place, in words, and without colour."""

import re
from xml.etree import ElementTree as ET

import pytest

from models.spam.measuring.figures import Share
from models.spam.measuring.plots import Axis, Plot, Series, dots, lines

SVG = "{http://www.w3.org/2000/svg}"
PLOT = Plot(
    key="one",
    title="Caught & flagged",
    description="It rises from <nothing> to all.",
    across=Axis("share", (0.001, 0.01, 0.1), log=True),
    up=Axis("caught", (0.0, 0.5, 1.0)),
)
RISING = Series("blogs", ((0.001, 0.0), (0.01, 0.5), (0.1, 1.0)))


def parsed(svg):
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def marks(tree, series):
    """Centres of a series' marks, without the one in the legend."""
    found = [
        (float(one.get("cx")), float(one.get("cy")))
        for one in tree.iter(f"{SVG}circle")
        if f"s{series}" in one.get("class").split()
    ]
    return found[:-1]


def test_equal_factors_are_equally_far_apart_and_more_is_higher():
    first, second, third = marks(parsed(lines(PLOT, [RISING])), 0)

    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.2)
    assert first[1] > second[1] > third[1]
    assert second[1] - third[1] == pytest.approx(first[1] - second[1], abs=0.2)


def test_a_plot_has_a_title_and_a_description_that_it_points_to():
    tree = parsed(lines(PLOT, [RISING]))

    pointed = tree.get("aria-labelledby").split()
    assert tree.get("role") == "img"
    assert [one.text for key in pointed for one in tree.iter() if one.get("id") == key] == [
        "Caught & flagged",
        "It rises from <nothing> to all.",
    ]


def test_every_tick_and_every_series_is_named():
    texts = {one.text for one in parsed(lines(PLOT, [RISING])).iter(f"{SVG}text")}

    assert {"0.001", "0.01", "0.1", "0.0", "0.5", "1.0", "share", "caught", "blogs"} <= texts


def test_six_series_differ_by_their_marks_and_a_seventh_is_refused():
    series = [Series(f"number {n}", ((0.01, 0.5),)) for n in range(6)]

    svg = lines(PLOT, series)

    ends = {re.sub(r"^M[\d. ]+", "", path) for path in re.findall(r'mark s\d" d="([^"]+)"', svg)}
    assert len(ends) == 5  # and the circle
    with pytest.raises(ValueError, match="cannot be told apart"):
        lines(PLOT, [*series, RISING])


def test_a_value_outside_the_axis_is_drawn_at_its_end():
    wild = Series("wild", ((0.0, 7.0), (5.0, -7.0)))

    (left, top), (right, bottom) = marks(parsed(lines(PLOT, [wild])), 0)
    inside = marks(parsed(lines(PLOT, [RISING])), 0)

    assert (left, bottom) == inside[0]
    assert (right, top) == inside[2]


def test_a_band_encloses_its_line():
    band = Series("blogs", RISING.points, ((0.0, 0.2), (0.4, 0.6), (0.9, 1.0)))

    [outline] = re.findall(r'class="band s0" d="([^"]+)"', lines(PLOT, [band]))

    assert outline.endswith("Z")
    assert len(re.findall(r"[ML]", outline)) == 6


def test_the_diagonal_is_drawn_when_asked_for():
    assert "diagonal" in lines(PLOT, [RISING], diagonal=True)
    assert "diagonal" not in lines(PLOT, [RISING])


def test_a_dot_lies_inside_its_interval():
    plot = Plot("two", "Shares", "One share.", Axis("share", (0.0, 1.0)), Axis("", (0.0, 1.0)))

    svg = dots(plot, [("a <b>", Share(0.5, 0.25, 0.75, 9))])

    [dot] = [float(x) for x in re.findall(r'class="dot" cx="([\d.]+)"', svg)]
    [(low, high)] = re.findall(r'class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)"', svg)
    assert dot - float(low) == pytest.approx(float(high) - dot, abs=0.2)
    assert "a &lt;b&gt;" in svg
