"""The web archive on disk: links that lead somewhere, the same bytes, only what changed made again, nothing lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import random
import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archive import articles, locks, meetings
from archive.records import StoredMeeting
from archive.store import Archive
from flows import publishing, steps
from flows.publishing import build_site
from flows.settings import Settings
from meetings.detect import RULES_VERSION
from meetings.records import Detection, Forum
from parsers.records import InputError, Side, article_key
from reports.site import folder, paths
from tests.commandline import SEEDS, Meetings
from tests.site_samples import contents, home, inside, read

pytestmark = pytest.mark.slow  # half a second each, and many of them
NOW = dt.datetime(2025, 1, 6, 3, tzinfo=dt.UTC)
Change = Callable[[Archive, random.Random], None]


@pytest.fixture(autouse=True)
def _same_week(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "now_utc", lambda: NOW)
    monkeypatch.setattr("flows.issue_steps.now_utc", lambda: NOW)
    monkeypatch.setattr("flows.issue_pages.now_utc", lambda: NOW)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def site(filled: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.issue_pages.now_utc", lambda: NOW)
        build_site(filled, out=out)
    return out


@pytest.fixture
def own(filled: Settings, tmp_path: Path) -> Settings:
    """The same archive, for a test that changes it."""
    shutil.copytree(filled.home, tmp_path / "own")
    return Settings(home=tmp_path / "own")


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    pages = {name: read(site / name) for name in contents(site) if name.endswith(".html")}
    broken = []
    for name, page in pages.items():
        for link in (*page.links, *page.loaded):
            to = inside(name, link)
            if to and not ((site / to[0]).is_file() and (not to[1] or to[1] in pages[to[0]].anchors)):
                broken.append((name, link))
    assert broken == []
    assert len(pages) > 100


def test_no_page_is_an_orphan(site: Path) -> None:
    names = {name for name in contents(site) if name.endswith(".html")}
    reached, left = set[str](), ["index.html"]
    while left:
        name = left.pop()
        if name not in reached and name in names:
            reached.add(name)
            left += [to[0] for link in read(site / name).links if (to := inside(name, link))]
    assert reached == names


def test_every_kind_of_page_is_there(site: Path) -> None:
    kinds = {name.split("/")[0] for name in contents(site)}
    assert kinds == {
        "index.html", "issues", "meetings", "people", "forums", "timeline", "search", "about", "assets", "data",
        "feed.atom", "meetings.ics",
    }  # fmt: skip


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for name in contents(site):
        if name.endswith(".html"):
            page = read(site / name)
            assert page.danger == []
            assert all(inside(name, link) for link in page.loaded)


def test_headings_of_every_page_begin_at_one_and_skip_none(site: Path) -> None:
    for name in contents(site):
        if name.endswith(".html"):
            headings = read(site / name).headings
            assert headings[0] == 1, name
            assert headings.count(1) == 1, name
            assert all(b <= a + 1 for a, b in pairwise(headings)), name


def test_the_same_archive_gives_the_same_bytes_and_a_second_build_writes_nothing(
    filled: Settings, site: Path, tmp_path: Path
) -> None:
    build_site(filled, out=tmp_path)
    assert contents(tmp_path) == contents(site)
    assert build_site(filled, out=tmp_path).written == 0
    assert build_site(filled, out=tmp_path, full=True).written == 0
    assert contents(tmp_path) == contents(site)


def test_many_processes_make_what_one_makes(
    filled: Settings, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.site_workers.ALONE", 0)
    monkeypatch.setattr("flows.site_workers.CHUNK", 7)
    build_site(filled, out=tmp_path)
    assert contents(tmp_path) == contents(site)


def test_where_helping_processes_end_one_goes_on_alone(
    filled: Settings, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("flows.site_workers.ALONE", 0)
    monkeypatch.setattr("flows.site_workers._begin", os._exit)
    build_site(filled, out=tmp_path)
    assert contents(tmp_path) == contents(site)
    assert "one goes on alone" in caplog.text


def some(archive: Archive, dice: random.Random) -> StoredMeeting:
    with archive.read() as session:
        return dice.choice(meetings.all_meetings(session))


def told_again(archive: Archive, dice: random.Random, side: Side | None = None, **fields: object) -> None:
    """Another article, of that side or of the first one's, tells of a meeting, with these fields changed."""
    meeting = some(archive, dice)
    first = meeting.mentions[0]
    url = f"https://further.example/{dice.random()}"
    told = first.article.article
    article = dataclasses.replace(told, key=article_key(url), url=url, outlet="nhandan", side=side or told.side)
    record(archive, article, Detection("en", (dataclasses.replace(first.meeting, id="", **fields),)))  # type: ignore[arg-type]


def record(archive: Archive, article: object, detection: Detection) -> None:
    with archive.write() as session:
        stored, _ = articles.add_article(session, article, now=NOW)  # type: ignore[arg-type]
        meetings.record_detection(session, stored, detection, rules_version=RULES_VERSION, now=NOW)


def further_account(archive: Archive, dice: random.Random) -> None:
    told_again(archive, dice)


def other_side(archive: Archive, dice: random.Random) -> None:
    told_again(archive, dice, dice.choice(list(Side)))


def session_of_a_forum(archive: Archive, dice: random.Random) -> None:
    forum = Forum(dice.choice(("Border Committee", "BORDER COMMITTEE")), dice.choice((None, 7)))
    told_again(archive, dice, forum=forum, date=dt.date(2021, 1, 1) + dt.timedelta(days=dice.randrange(1400)))


def new_meeting(archive: Archive, dice: random.Random) -> None:
    told_again(archive, dice, date=dt.date(2024, 12, 20) + dt.timedelta(days=dice.randrange(14)), end_date=None)


def early_meeting(archive: Archive, dice: random.Random) -> None:
    told_again(archive, dice, date=dt.date(2019, 12, 1) + dt.timedelta(days=dice.randrange(60)), end_date=None)


def withdrawn(archive: Archive, dice: random.Random) -> None:
    for mention in some(archive, dice).mentions:
        reread(archive, mention.article, Detection("en"))


def moved(archive: Archive, dice: random.Random) -> None:
    meeting = some(archive, dice)
    day = dt.timedelta(days=dice.choice((1, 40)))
    for mention in meeting.mentions:
        told = mention.meeting
        later = dataclasses.replace(told, id="", date=told.date + day if told.date else None)
        reread(archive, mention.article, Detection("en", (later,)))


def reread(archive: Archive, stored: object, detection: Detection) -> None:
    """As better rules would read it."""
    with archive.write() as session:
        version = f"{RULES_VERSION}-{random.random()}"  # noqa: S311
        meetings.record_detection(session, stored, detection, rules_version=version, now=NOW)  # type: ignore[arg-type]


CHANGES: tuple[Change, ...] = (
    further_account, other_side, session_of_a_forum, new_meeting, early_meeting, withdrawn, moved
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 9999)), min_size=1, max_size=3))
@example([(early_meeting, 352), (withdrawn, 9116), (further_account, 3045)])
@example([(other_side, 9593), (other_side, 5924)])
@hypothesis_settings(max_examples=4)
def test_a_build_of_what_changed_is_a_whole_build(
    filled: Settings, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[Change, int]]
) -> None:
    """But for pages of names and forums that nobody has any more, of which a new folder knows nothing."""
    folder_ = shutil.copytree(filled.home, tmp_path_factory.mktemp("changing") / "home")
    settings = Settings(home=folder_)
    build_site(settings)
    with Archive.open(folder_) as archive:
        for change, seed in changes:
            change(archive, random.Random(seed))  # noqa: S311
            build_site(settings)
    build_site(settings, out=folder_ / "anew")
    grown, anew = contents(folder_ / "site"), contents(folder_ / "anew")
    gone = grown.keys() - anew.keys()
    assert {name.split("/")[0] for name in gone} <= {"people", "forums", "issues", "timeline", "assets"}
    # what lists the given-up pages, or stands beside one
    weeks = [name for name in gone if name.startswith("issues/")]
    near = {paths.MEETINGS, paths.ISSUES, *([paths.FRONT] if weeks else [])} if gone else set()
    beside = "issues/" if weeks else "no page"
    apart = {name for name in anew if grown[name] != anew[name] and not name.startswith(beside)}
    assert apart - near == set()


def test_only_what_changed_is_made_again(own: Settings) -> None:
    out = own.home / "site"
    build_site(own)
    before = contents(out)
    with Archive.open(own.home) as archive:
        meeting = some(archive, random.Random(5))  # noqa: S311
        told_again(archive, random.Random(5))  # noqa: S311
    build_site(own)
    after = contents(out)
    changed = {name for name in after if after[name] != before.get(name)}
    assert {name for name in changed if name.startswith("meetings/")} == {paths.meeting_page(meeting.meeting.id)}


def test_a_withdrawn_record_says_so_at_its_address(own: Settings) -> None:
    build_site(own)
    with Archive.open(own.home) as archive:
        with archive.read() as session:
            gone = next(each for each in meetings.all_meetings(session) if len(each.mentions) == 1)
        reread(archive, gone.mentions[0].article, Detection("en"))
    build_site(own)
    page = paths.meeting_page(gone.meeting.id)
    assert "No article that is read tells of this meeting any more" in (own.home / "site" / page).read_text()
    assert f"../{page}" in read(own.home / "site" / paths.MEETINGS).links


def test_a_merged_record_leads_on(own: Settings) -> None:
    build_site(own)
    with Archive.open(own.home) as archive:
        with archive.read() as session:
            known = meetings.all_meetings(session)
        heir = next(each for each in known if each.meeting.china and each.meeting.vietnam and each.meeting.date)
        told = dataclasses.replace(heir.mentions[0].meeting, id="")
        far = dataclasses.replace(told, date=dt.date(2024, 3, 3), end_date=None)
        url = "https://further.example/merged"
        article = dataclasses.replace(heir.mentions[0].article.article, key=article_key(url), url=url)
        record(archive, article, Detection("en", (far,)))
        build_site(own)
        with archive.read() as session:
            merged = next(each for each in meetings.all_meetings(session) if each.meeting.date == far.date)
        reread(archive, merged.mentions[0].article, Detection("en", (told,)))
    build_site(own)
    page = paths.meeting_page(merged.meeting.id)
    assert f"../../{paths.meeting_page(heir.meeting.id)}" in read(own.home / "site" / page).links
    assert f"../../{page}" in read(own.home / "site" / paths.meeting_page(heir.meeting.id)).links


def test_a_lost_file_is_made_again(filled: Settings, tmp_path: Path) -> None:
    build_site(filled, out=tmp_path)
    before = contents(tmp_path)
    for name in ("about/index.html", "data/meetings.csv", paths.FRONT, next(n for n in before if "meetings/m-" in n)):
        (tmp_path / name).unlink()
    build_site(filled, out=tmp_path)
    assert contents(tmp_path) == before


def test_a_broken_manifest_costs_a_whole_build_and_nothing_else(filled: Settings, tmp_path: Path) -> None:
    build_site(filled, out=tmp_path)
    before = contents(tmp_path)
    (tmp_path / folder.MANIFEST).write_text("{ half")
    assert build_site(filled, out=tmp_path).written == 0
    assert contents(tmp_path) == before


def test_data_files_of_a_changed_archive_are_mended(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build_site(own)
    with Archive.open(own.home) as archive:
        told_again(archive, random.Random(7))  # noqa: S311
    read_whole: list[int] = []
    whole = publishing._Build._read

    def counting(build: publishing._Build, ids: Sequence[str]) -> list[StoredMeeting]:
        read_whole.append(len(ids))
        return whole(build, ids)

    monkeypatch.setattr(publishing._Build, "_read", counting)
    build_site(own)
    assert read_whole[0] == 0
    build_site(own, out=own.home / "anew")
    assert contents(own.home / "site") == contents(own.home / "anew")


def test_a_closed_issue_stands_as_it_was_closed(own: Settings) -> None:
    """With its chart; whatever becomes of its meetings."""
    build_site(own)
    closed = next(iter((own.home / "site" / "issues").glob("*/chart.png"))).parent
    before = (closed / "index.html").read_bytes()
    assert b"final issue" in before
    with Archive.open(own.home) as archive:
        with archive.read() as session:
            everything = meetings.all_meetings(session)
        for meeting in everything:
            if meeting.meeting.id.encode() in before:
                for mention in meeting.mentions:
                    reread(archive, mention.article, Detection("en"))
    build_site(own)
    assert (closed / "index.html").read_bytes() == before


def test_one_builder_at_a_time(filled: Settings, tmp_path: Path) -> None:
    with (
        Archive.open(filled.home) as archive,
        locks.hold(archive, "site", owner="somebody", now_fn=lambda: NOW, lease=dt.timedelta(hours=1)),
        pytest.raises(locks.Busy, match="somebody has held “site”"),
    ):
        build_site(filled, out=tmp_path)


def test_the_command_builds_and_says_where(meetings: Meetings) -> None:
    assert meetings("import", SEEDS).code == 0
    ran = meetings("site", "build")
    assert ran.code == 0
    assert (meetings.home / "site" / "index.html").is_file()
    assert f"{meetings.home}/site/index.html" in ran.out.replace("\n", "")


def test_a_run_does_not_fail_with_its_site(meetings: Meetings) -> None:
    meetings.home.mkdir()
    (meetings.home / "site").write_text("in the way")
    ran = meetings("run")
    assert ran.code == 0
    assert "meetings: the web archive was not built: The file" in ran.err
    assert "issue 20" in ran.out


def test_an_empty_archive_has_a_site_that_says_so(meetings: Meetings) -> None:
    assert meetings("run").code == 0
    front = (meetings.home / "site" / "index.html").read_text()
    assert "No meeting is known yet." in front
    assert read(meetings.home / "site" / "index.html").headings[0] == 1


def test_input_errors_name_the_catalogue(meetings: Meetings) -> None:
    (meetings.home.parent / "sources.toml").write_text("[[source]]\n")
    assert meetings("site", "build").code == InputError.exit_code
