"""The web archive in a browser: by keyboard alone, without JavaScript, searched, filtered, and checked by axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.publishing import build_site
from meetings.folding import fold
from reports.accounts import Outlets
from reports.firsts import Past
from reports.site import paths, search
from reports.site.build import Contents, build_lists
from reports.site.cards import Participant
from reports.site.folder import Folder, load
from reports.site.meeting_pages import Task, Told, make_pages
from tests.browser import chromium
from tests.hostile_samples import hostile_meetings
from tests.report_catalogue import SOURCES, day
from tests.site_samples import contents, home

pytestmark = pytest.mark.slow
Scheme = Literal["light", "dark"]
KINDS = (
    "index.html", "issues/index.html", "issues/2", "meetings/index.html", "meetings/m-", "people/index.html", "people/",
    "forums/index.html", "forums/", "timeline/index.html", "timeline/2", "search/index.html", "about/index.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home(tmp_path_factory.mktemp("home"))
    build_site(settings)
    return settings.home / "site"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1000, "height": 900})
    yield opened
    opened.close()


def largest(site: Path, kind: str) -> Path:
    """The page of this kind that says most: of most meetings, in most words."""
    names = [name for name in contents(site) if name.endswith(".html") and (name == kind or name.startswith(kind))]
    chosen = [kind] if kind in names else [name for name in names if name.count("/") == 2]
    files = [site / name for name in chosen]
    return max(files, key=lambda file: (file.read_text().count("/meetings/m-"), file.stat().st_size))


def open_search(page: Page, site: Path, query: str = "") -> None:
    page.goto((site / paths.SEARCH).as_uri() + query)
    page.wait_for_selector("form[data-ready=yes]")


def press_until(page: Page, wanted: str, *, key: str = "Tab", most: int = 400) -> None:
    """Presses a key until the focus is on a link whose address holds `wanted`."""
    for _ in range(most):
        page.keyboard.press(key)
        if wanted in str(page.evaluate("document.activeElement.getAttribute('href') || ''")):
            return
    raise AssertionError(f"no key leads to {wanted}")


def follow(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_by_keyboard_from_an_issue_to_a_meeting_its_evidence_and_a_person(page: Page, site: Path) -> None:
    page.goto(largest(site, "issues/2").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    press_until(page, "../../meetings/m-")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    follow(page)
    press_until(page, "#article-")
    page.keyboard.press("Enter")
    target = page.evaluate("location.hash.slice(1)")
    assert page.locator(f"#{target} mark").count() > 0
    assert page.locator(f"#{target}").evaluate("e => e.getBoundingClientRect().top") < 900
    page.goto(page.url.split("#")[0])
    press_until(page, "-cn/index.html")
    follow(page)
    assert page.locator("h2#offices").is_visible()
    assert page.locator("h2#meetings").is_visible()


def test_by_keyboard_through_search_and_filters(page: Page, site: Path) -> None:
    open_search(page, site)
    page.locator("#q").focus()
    page.keyboard.type("2024")
    everything = page.locator("#results li").count()
    assert everything > 1
    page.keyboard.press("ArrowDown")
    assert "meetings/m-" in str(page.evaluate("document.activeElement.href"))
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "level"
    page.keyboard.type("Ministers")
    assert page.locator("#level").input_value() == "minister"
    assert page.locator("#results li").count() <= everything
    assert parse_qs(urlsplit(page.url).query) == {"q": ["2024"], "level": ["minister"]}
    page.locator("#results a").first.focus()
    follow(page)
    assert "Ministers" in page.locator(".kicker").first.inner_text()


def found(page: Page, words: str) -> list[str]:
    page.locator("#q").fill(words)
    return [str(link) for link in page.locator("#results a").evaluate_all("links => links.map(link => link.href)")]


def test_a_name_is_found_in_every_script(page: Page, site: Path) -> None:
    open_search(page, site)
    known = {card.name: [form.text for form in card.names] for card in everybody(site)}
    name = next(name for name, forms in known.items() if not all(form.isascii() for form in forms))
    wanted = found(page, name)
    assert wanted
    for form in known[name]:
        if fold(form).count(" ") or not form.isascii():
            assert set(wanted) <= set(found(page, form)), form
            assert set(wanted) <= set(found(page, fold(form).upper())), form
    assert found(page, "nobody of this name") == []
    assert page.locator("#count").inner_text() == "0 meetings"


def everybody(site: Path) -> list[Participant]:
    return [each for kept in load(site).meetings.values() for each in kept.card.people if each.name and each.names]


@pytest.mark.parametrize("query", ["北京", "Bắc Kinh", "bac kinh", "BEIJING"])
def test_a_place_is_found_in_every_script(page: Page, site: Path, query: str) -> None:
    open_search(page, site)
    wanted = found(page, "Beijing, China")
    assert wanted
    assert set(wanted) <= set(found(page, query))


def test_the_address_of_a_search_brings_it_back(page: Page, site: Path) -> None:
    open_search(page, site, "?q=2023&told=both&from=2023-02-01&to=2023-11-30")
    assert page.locator("#q").input_value() == "2023"
    shown = page.locator("#results .told").all_inner_texts()
    assert set(shown) <= {"told by both"}
    page.locator("button[type=reset]").click()
    expect(page.locator("#q")).to_have_value("")
    expect(page).to_have_url(re.compile(r"^[^?]*$"))
    assert page.locator("#results li").count() == 40


def test_a_topic_of_a_meeting_leads_to_the_meetings_of_this_topic(page: Page, site: Path) -> None:
    page.goto(largest(site, "meetings/m-").as_uri())
    topic = page.locator("dl.facts a[href*='?topic=']").first
    topic.click()
    page.wait_for_selector("form[data-ready=yes]")
    assert page.locator("#topic").input_value()
    assert page.locator("#results li").count() > 0


def test_without_javascript_every_word_can_be_read(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / paths.SEARCH).as_uri())
    assert page.locator("form").is_hidden()
    assert "plain lists" in page.locator("main").inner_text()
    page.goto(largest(site, "meetings/m-").as_uri())
    assert page.locator(".account").count() >= 2
    assert page.locator("mark").count() > 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(browser: Browser, site: Path, kind: str, scheme: Scheme) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 900}, color_scheme=scheme)
    page.goto(largest(site, kind).as_uri())
    if kind == paths.SEARCH:
        page.wait_for_selector("form[data-ready=yes]")
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(done => done.violations.map(each => `${each.impact} ${each.id}`))")
    assert [each for each in found if each.startswith(("serious", "critical"))] == []
    page.close()


@pytest.mark.parametrize("width", [320, 375, 600, 1280])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_the_screen(browser: Browser, site: Path, kind: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(largest(site, kind).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_hostile_words_run_nothing(browser: Browser, tmp_path: Path) -> None:
    """Everything from outside is hostile, in all pages and in the search."""
    meetings, outlets, zone = hostile_meetings(), Outlets.of(SOURCES), ZoneInfo("Asia/Ho_Chi_Minh")
    task = Task({each.meeting.id: Told() for each in meetings})
    made = make_pages(meetings, task, past=Past.of(meetings), outlets=outlets, zone=zone, out=tmp_path)
    folder, cards = Folder(tmp_path, {}), [each.card for each in made]
    build_lists(folder, Contents(cards, [], "", SOURCES, {}, {}, (), day("2024-12-16"), zone.key))
    page = browser.new_page()
    dialogs: list[str] = []
    asked: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    for name in contents(tmp_path):
        if name.endswith(".html"):
            page.goto((tmp_path / name).as_uri())
    open_search(page, tmp_path, "?q=script")
    assert page.locator("#results li").count() > 0
    assert dialogs == []
    assert all(url.startswith("file://") for url in asked)
    assert (tmp_path / search.shard_path("2024")).is_file()
    page.close()
