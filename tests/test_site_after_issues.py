"""The web archive after issues were closed: whatever became of what they told, every link leads to a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from flows.publishing import build_site
from reports.records import CorrectionView
from tests.issuekit import BEIJING, Desk
from tests.site_samples import contents, inside, read

WEB = "https://meetings.example/archive"
LATER = BEIJING.replace("10", "17")
APART = BEIJING.replace("December 10", "December 13")


def withdrawn(desk: Desk) -> None:
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    desk.untell(number)


def merged(desk: Desk) -> None:
    desk.tell("one", BEIJING, "2024-12-11")
    other = desk.tell("two", APART, "2024-12-13")
    close(desk, "2024-W50")
    desk.reread(other, BEIJING)


def merged_and_withdrawn(desk: Desk) -> None:
    numbers = [desk.tell("one", BEIJING, "2024-12-11"), desk.tell("two", APART, "2024-12-13")]
    close(desk, "2024-W50")
    desk.reread(numbers[1], BEIJING)
    for number in numbers:
        desk.untell(number)


def moved(desk: Desk) -> None:
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    desk.reread(number, LATER)


def close(desk: Desk, week: str) -> tuple[CorrectionView, ...]:
    context = desk.close(desk.compose(week)).context
    assert context is not None
    return context.corrections


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Asia/Shanghai"])
@pytest.mark.parametrize("change", [withdrawn, merged, merged_and_withdrawn, moved])
def test_what_corrections_name_has_a_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Desk], None], zone: str
) -> None:
    """Also after another zone came into force, in which these issues were not closed."""
    monkeypatch.setattr("flows.issue_pages.now_utc", lambda: dt.datetime(2025, 1, 20, tzinfo=dt.UTC))
    desk = Desk(desk.settings.model_copy(update={"site_url": WEB}), desk.archive)
    change(desk)
    corrections = close(desk, "2024-W51")
    assert corrections
    build_site(desk.settings.model_copy(update={"zone": zone}))
    site = desk.settings.home / "site"
    for page in (correction.page for correction in corrections):
        assert (site / urlsplit(page.removeprefix(f"{WEB}/")).path / "index.html").is_file()
    names = contents(site)
    broken = [
        (name, link)
        for name in names
        if name.endswith(".html")
        for link in read(site / name).links
        if (to := inside(name, link)) and to[0] not in names
    ]
    assert broken == []
    closed, correcting = ((site / "issues" / week / "index.html").read_text() for week in ("2024-W50", "2024-W51"))
    to_it = 'Corrected in <a href="../../issues/2024-W51/index.html#corrections">2024-W51</a>'
    assert "final issue, corrected since" in closed
    assert to_it in closed
    assert "final issue</p>" in correcting
    assert to_it.replace("../../", "") in (site / "issues" / "index.html").read_text().replace("../", "")


def test_the_page_of_an_issue_that_is_corrected_leads_to_what_corrects_it(desk: Desk) -> None:
    """Of an issue whose page stood already, and of one of an early version, whose text is all there is."""
    number = desk.tell("one", BEIJING, "2024-12-11")
    close(desk, "2024-W50")
    build_site(desk.settings)
    page = desk.settings.home / "site" / "issues" / "2024-W50" / "index.html"
    before = page.read_text()
    desk.untell(number)
    close(desk, "2024-W51")
    build_site(desk.settings)
    assert "orrected" not in before.partition("<main")[2]
    assert page.read_text().count("2024-W51</a></p>") == 1
    with desk.archive.write() as session:
        session.execute(text("UPDATE issues SET context = NULL WHERE week = '2024-W50'"))
    build_site(desk.settings, full=True)
    assert "This issue closed before" in page.read_text()
    assert page.read_text().count("2024-W51</a></p>") == 1
