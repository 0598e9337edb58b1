from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page

from reports.records import IssueContext
from reports.render import render_html
from tests.browser import chromium
from tests.hostile_samples import hostile
from tests.report_weeks import quiet, rich

pytestmark = pytest.mark.slow

Scheme = Literal["light", "dark"]
WEEKS = {"rich": rich, "quiet": quiet, "hostile": hostile}

# WCAG 2.2 §1.4.3: contrast of every piece of visible text with the nearest background painted behind it
TOO_FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const rgb = parse(getComputedStyle(at).backgroundColor);
      if (rgb.length < 4 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const a = luminance(parse(getComputedStyle(element).color));
    const b = luminance(background(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const text = walker.currentNode.data.trim().slice(0, 40);
    if (ratio < 4.5) faint.push(`${element.className} ${ratio.toFixed(2)}: ${text}`);
  }
  return faint;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(browser: Browser, ctx: IssueContext, width: int, scheme: Scheme = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(render_html(ctx))
    return page


@pytest.mark.parametrize("width", [320, 375, 600, 1280])
@pytest.mark.parametrize("name", WEEKS)
def test_nothing_is_wider_than_the_screen(browser: Browser, name: str, width: int) -> None:
    page = opened(browser, WEEKS[name](), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sheet = page.locator("table.sheet").bounding_box()
    assert sheet is not None
    assert sheet["width"] <= 600
    page.close()


@pytest.mark.parametrize(("width", "stacked"), [(375, True), (1280, False)])
def test_the_accounts_stand_side_by_side_and_stack_on_a_phone(browser: Browser, width: int, stacked: bool) -> None:
    page = opened(browser, rich(), width)
    beijing, hanoi = page.locator("table.account.china"), page.locator("table.account.vietnam")
    assert beijing.count() == hanoi.count() == 8
    for at in range(8):
        left, right = beijing.nth(at).bounding_box(), hanoi.nth(at).bounding_box()
        assert left is not None
        assert right is not None
        if stacked:
            assert left["x"] == right["x"]
            assert right["y"] >= left["y"] + left["height"]
            assert left["width"] == right["width"] > 0.85 * width
        else:
            assert left["y"] == right["y"]
            assert right["x"] >= left["x"] + left["width"]
    styles = [each.first.evaluate("e => getComputedStyle(e).borderTopStyle") for each in (beijing, hanoi)]
    assert styles == ["solid", "double"]  # told apart by more than colour
    page.close()


@pytest.mark.parametrize(("width", "stacked"), [(375, True), (1280, False)])
def test_the_cells_of_a_comparison_stand_side_by_side_and_stack_on_a_phone(
    browser: Browser, width: int, stacked: bool
) -> None:
    page = opened(browser, rich(), width)
    left, right = page.locator("td.cell-left").first.bounding_box(), page.locator("td.cell-right").first.bounding_box()
    assert left is not None
    assert right is not None
    if stacked:
        assert right["y"] >= left["y"] + left["height"]
        assert left["width"] == right["width"] > 0.85 * width
    else:
        assert (left["y"], left["width"]) == (right["y"], right["width"])
        assert right["x"] >= left["x"] + left["width"]
    # whose words they are is said above the columns, or in each cell where there are no columns
    assert page.locator("tr.compare-head").first.is_visible() is not stacked
    assert page.locator("p.cell-side").first.is_visible() is stacked
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WEEKS)
def test_all_text_stands_out_from_its_background(browser: Browser, name: str, scheme: Scheme) -> None:
    page = opened(browser, WEEKS[name](), 600, scheme)
    assert page.evaluate(TOO_FAINT) == []
    page.close()


def test_dark_and_light_differ(browser: Browser) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
        page.set_content(render_html(rich()))
        colours.add(page.locator("table.sheet").evaluate("e => getComputedStyle(e).backgroundColor"))
        page.close()
    assert len(colours) == 2


def test_a_hostile_week_runs_nothing_and_loads_nothing(browser: Browser) -> None:
    page = browser.new_page()
    events: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        events.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: events.append(request.url))
    page.on("dialog", note_dialog)
    page.set_content(render_html(hostile()))
    for element in page.locator("a, p").all()[:80]:
        element.dispatch_event("mouseover")
    assert events == []
    page.close()


def test_the_subject_is_the_title_and_headings_descend(browser: Browser) -> None:
    page = opened(browser, rich(), 600)
    assert page.title() == rich().subject
    levels = [int(name[1]) for name in page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(e => e.tagName)")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    page.close()
