"""The hosted form in a frame, in a real browser and on another origin."""

import re

import pytest
from playwright.sync_api import expect

from tests.building import found_demo_site
from tests.live import live
from tests.serving import free_port
from tests.web.loopback import loopback

LISTENER = """
window.heard = [];
addEventListener("message", ({ origin, data }) => window.heard.push({ origin, data }));
"""
HOST = """<!doctype html><html lang="en"><title>A page that forbids foreign scripts</title>
<h1>Article</h1>
<iframe id="comments" title="Comments" width="600" height="150"
  src="{service}/s/framed/form?page=/article/&amp;frame=1"></iframe>
<script type="module" src="{service}/embed-frame.js"></script></html>"""
FRAME = "#comments"


@pytest.fixture
def service(make_app, sqlite_url):
    """The service on a port of its own; returns its application, too."""
    base_url = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=base_url)
    with live(app, base_url):
        yield app, base_url


@pytest.fixture
def host(service):
    """A page of the site with the frame on it; returns its address."""
    app, base_url = service
    with loopback() as blog:
        found_demo_site(app, slug="framed", origins=[blog.origin])
        blog.put("/article/", HOST.format(service=base_url))
        yield blog


@pytest.fixture
def window(browser):
    """A browser window that notes every message its page gets."""
    context = browser.new_context()
    context.add_init_script(LISTENER)
    yield context.new_page()
    context.close()


def heights(window):
    heard = window.evaluate("window.heard")
    return [one["data"]["height"] for one in heard if one["data"]["type"] == "gatepost:height"]


def fits(window):
    """Say whether the frame is as high as what is in it."""
    inside = (
        window.frame_locator(FRAME)
        .locator("html")
        .evaluate("root => Math.ceil(root.getBoundingClientRect().height)")
    )
    outside = window.locator(FRAME).evaluate("frame => frame.clientHeight")
    return inside == outside


def settle(window):
    window.wait_for_function("window.heard.length > 0")
    expect(window.locator(FRAME)).not_to_have_css("height", "150px")


def test_the_frame_is_as_high_as_its_content_and_follows_it(window, host, service):
    window.goto(f"{host.origin}/article/")
    settle(window)
    assert fits(window)
    before = heights(window)[-1]

    window.frame_locator(FRAME).locator("#comment").evaluate(
        "field => { field.style.height = '900px'; }"
    )
    window.wait_for_function(f"window.heard.at(-1).data.height > {before}")

    assert fits(window)
    _app, base_url = service
    assert {one["origin"] for one in window.evaluate("window.heard")} == {base_url}


def post(inside, **fields):
    for name, value in fields.items():
        inside.locator(f"#{name}").fill(value)
    inside.get_by_role("button", name="Post Comment").click()


def test_a_comment_goes_through_the_frame_past_a_mistake(window, host):
    window.goto(f"{host.origin}/article/")
    settle(window)
    inside = window.frame_locator(FRAME)
    post(inside, comment="Written in a frame.", author="Ana")
    expect(inside.get_by_role("alert")).to_contain_text("Enter your email address")

    post(inside, email="ana.souza@example.org")
    expect(inside.get_by_role("heading", name="Comment received")).to_be_visible()
    inside.get_by_role("link", name="Back to the comments").click()

    expect(inside.get_by_role("button", name="Post Comment")).to_be_visible()
    assert window.url == f"{host.origin}/article/"


def test_the_private_link_opens_outside_the_frame(window, host, service):
    _app, base_url = service
    window.goto(f"{host.origin}/article/")
    settle(window)
    inside = window.frame_locator(FRAME)
    post(inside, comment="Mine.", author="Ana", email="ana.souza@example.org")

    inside.get_by_role("link", name="Open my comment").click()

    window.wait_for_url(f"{base_url}/receipts/*")


def test_a_foreign_page_may_not_frame_it_and_hears_nothing(window, host, service):
    _app, base_url = service
    with loopback() as stranger:
        stranger.put("/", HOST.format(service=base_url))
        window.goto(f"{stranger.origin}/")
        window.wait_for_load_state("networkidle")

        assert window.evaluate("window.heard") == []
        assert window.frame_locator(FRAME).get_by_role("button").count() == 0


def without_ancestors(route):
    """Answer as a service would whose header got lost on the way."""
    answer = route.fetch()
    policy = answer.headers["content-security-policy"].partition("; frame-ancestors")[0]
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})


def test_even_framed_by_a_stranger_it_tells_him_nothing(window, host, service):
    _app, base_url = service
    window.route(re.compile("/s/framed/form"), without_ancestors)
    with loopback() as stranger:
        stranger.put("/", HOST.format(service=base_url))
        window.goto(f"{stranger.origin}/")
        expect(window.frame_locator(FRAME).get_by_role("button")).to_be_visible()
        window.wait_for_load_state("networkidle")

        assert window.evaluate("window.heard") == []


def test_the_hosts_script_listens_to_the_service_only(window, host):
    window.goto(f"{host.origin}/article/")
    settle(window)
    before = window.locator(FRAME).evaluate("frame => frame.style.height")

    window.evaluate("postMessage({ type: 'gatepost:height', height: 9000 }, '*')")
    window.wait_for_function("window.heard.some(({ data }) => data.height === 9000)")

    assert window.locator(FRAME).evaluate("frame => frame.style.height") == before
