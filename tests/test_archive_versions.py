"""Pages that are listed under another title or say something else when they are read again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive.articles import add_article
from archive.files import project_articles
from archive.meetings import all_meetings, record_detection
from archive.models import VersionRow
from archive.records import PendingEntry
from archive.store import Archive
from archive.versions import MOST_RETURNS, PAUSE, WATCHED, add_version, changed_listings, note_listing, note_return
from meetings.records import Detection, Evidence
from parsers.records import Article, Entry, Kind, Outcome, Side, Source
from tests.archive_samples import HOUR, NOW, article, day, everything, get_article, meeting, unread

URL = "https://news.example/one"
ENTRY = Entry(URL, "They meet", published=NOW)
WIRE = Source(
    id="wire",
    outlet="example",
    outlet_name="Example",
    side=Side.CHINA,
    language="en",
    zone="Asia/Shanghai",
    kind=Kind.RSS,
    url="https://news.example/feed",
    interval=HOUR,
)
WAITING = PendingEntry(URL, WIRE.id, ENTRY.title, "", ENTRY.published, 0, NOW, Outcome.NEVER_POLLED)
SITEMAP = replace(WIRE, kind=Kind.NEWS_SITEMAP)
LATER = NOW + PAUSE
SECOND = article(title="They met and signed", paragraphs=("HANOI – They met on Tuesday.", "They signed a plan."))


@pytest.fixture
def archive(archive: Archive) -> Archive:
    first_read(archive)
    return archive


def first_read(archive: Archive) -> None:
    with archive.write() as s:
        stored, _ = add_article(s, article(), now=NOW)
        note_listing(s, WAITING, stored.number, now=NOW)
        record_detection(s, stored, Detection("en", (meeting(),)), rules_version="1", now=NOW)


def changed(archive: Archive, entry: Entry, *, source: Source = WIRE, now: dt.datetime = LATER) -> bool:
    with archive.read() as s:
        return changed_listings(s, [entry, Entry("https://news.example/other", "Other")], source=source, now=now) == [
            entry
        ]


def add(archive: Archive, *texts: Article) -> list[bool]:
    with archive.write() as s:
        return [add_version(s, each, now=LATER) for each in texts]


def read(archive: Archive, date: str = "2024-12-10") -> None:
    """The rules read what is due, as a run does."""
    with archive.write() as s:
        for stored in unread(s, "1"):
            record_detection(s, stored, Detection("en", (meeting(date),)), rules_version="1", now=LATER)


def versions(archive: Archive) -> list[tuple[int, str, bool]]:
    with archive.read() as s:
        rows = s.scalars(select(VersionRow).order_by(VersionRow.version))
        return [(row.version, row.title, row.taken_at is not None) for row in rows]


def text_in_force(archive: Archive) -> Article:
    with archive.read() as s:
        stored = get_article(s, 1)
    assert stored is not None
    return stored.article


def title(turn: int) -> Entry:
    return replace(ENTRY, title=f"They meet, {turn}")


def come_back(archive: Archive, now: dt.datetime, entry: Entry | None = None) -> None:
    with archive.write() as s:
        note_return(s, entry or NEW_TITLE, source=WIRE, now=now)


NEW_TITLE = title(1)


class TestListings:
    """When a page is asked for again."""

    @pytest.mark.parametrize(
        ("entry", "source", "again"),
        [
            pytest.param(ENTRY, WIRE, False, id="as before"),
            pytest.param(replace(ENTRY, title=" they  MEET "), WIRE, False, id="spaces and case"),
            pytest.param(NEW_TITLE, WIRE, True, id="another title"),
            pytest.param(NEW_TITLE, replace(WIRE, id="other"), False, id="another title elsewhere"),
            pytest.param(replace(ENTRY, published=LATER), WIRE, False, id="a feed that dates anew"),
            pytest.param(replace(ENTRY, published=LATER), SITEMAP, True, id="a sitemap's later date"),
            pytest.param(replace(ENTRY, published=NOW - HOUR), SITEMAP, False, id="a sitemap's earlier date"),
            pytest.param(replace(ENTRY, published=None), SITEMAP, False, id="a sitemap without date"),
        ],
    )
    def test_change(self, archive: Archive, entry: Entry, source: Source, again: bool) -> None:
        assert changed(archive, entry, source=source) is again

    @pytest.mark.parametrize(
        ("now", "again"),
        [
            pytest.param(LATER - dt.timedelta(seconds=1), False, id="too soon"),
            pytest.param(NOW + WATCHED - HOUR, True, id="still watched"),
            pytest.param(NOW + WATCHED, False, id="too old"),
        ],
    )
    def test_time(self, archive: Archive, now: dt.datetime, again: bool) -> None:
        assert changed(archive, NEW_TITLE, now=now) is again

    def test_the_new_title_is_known_from_then_on(self, archive: Archive) -> None:
        come_back(archive, LATER)
        assert not changed(archive, NEW_TITLE, now=LATER + PAUSE)
        assert changed(archive, ENTRY, now=LATER + PAUSE)

    def test_a_title_that_changes_for_ever_is_not_followed_for_ever(self, archive: Archive) -> None:
        for turn in range(1, MOST_RETURNS + 1):
            now = NOW + turn * PAUSE
            assert changed(archive, title(turn), now=now)
            come_back(archive, now, title(turn))
            assert not changed(archive, title(turn + 1), now=now + HOUR)
        assert not changed(archive, title(0), now=NOW + (MOST_RETURNS + 1) * PAUSE)

    def test_storing_from_the_same_entry_again_changes_nothing(self, archive: Archive) -> None:
        come_back(archive, LATER)
        before = everything(archive)
        with archive.write() as s:
            note_listing(s, WAITING, 1, now=LATER)
        assert everything(archive) == before

    def test_article_of_before_listings_were_remembered_is_left_alone(self, archive: Archive) -> None:
        with archive.write() as s:
            add_article(s, article("old"), now=NOW)
        assert not changed(archive, Entry("https://news.example/old", "New title"))

    def test_very_many_entries(self, archive: Archive) -> None:
        many = [Entry(f"https://news.example/{n}", "They meet") for n in range(1500)]
        with archive.read() as s:
            assert changed_listings(s, [*many, NEW_TITLE], source=WIRE, now=LATER) == [NEW_TITLE]


class TestVersions:
    """What becomes of another text."""

    def test_new_text_comes_into_force_with_what_is_read_in_it(self, archive: Archive) -> None:
        project_articles(archive)
        assert add(archive, SECOND) == [True]
        assert text_in_force(archive) == article(), "evidence still points into the first text"
        with archive.read() as s:
            assert [stored.article.text for stored in unread(s, "1")] == [SECOND.text]
        read(archive)
        assert text_in_force(archive) == SECOND
        assert versions(archive) == [(1, "Article one", True), (2, "They met and signed", True)]
        with archive.read() as s:
            assert unread(s, "1") == []
        assert project_articles(archive) == 1
        assert "They met and signed" in next(archive.home.glob("articles/*/*.txt")).read_text()

    def test_meeting_keeps_its_id_when_the_correction_changes_its_date(self, archive: Archive) -> None:
        with archive.read() as s:
            (before,) = all_meetings(s)
        add(archive, SECOND)
        read(archive, date="2024-12-03")
        with archive.read() as s:
            (after,) = all_meetings(s)
        assert (after.meeting.id, after.meeting.date, after.first_seen) == (before.meeting.id, day("2024-12-03"), NOW)

    def test_the_same_text_again_changes_nothing(self, archive: Archive) -> None:
        before = everything(archive)
        assert add(archive, article(published=LATER)) == [False]
        assert everything(archive) == before

    def test_pages_that_go_to_and_fro_add_nothing(self, archive: Archive) -> None:
        assert add(archive, SECOND, article(), SECOND) == [True, False, False]
        read(archive)
        assert add(archive, article(), SECOND) == [False, False]

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(article(paragraphs=("Log in.",)), id="lost its text"),
            pytest.param(replace(SECOND, method="jsonld+trafilatura"), id="layout that only the generic reader reads"),
        ],
    )
    def test_doubtful_text_is_kept_but_not_in_force(self, archive: Archive, text: Article) -> None:
        assert add(archive, text) == [True]
        read(archive)
        assert text_in_force(archive) == article()
        assert [taken for _, _, taken in versions(archive)] == [True, False]

    def test_article_that_is_not_stored_has_no_versions(self, archive: Archive) -> None:
        assert add(archive, article("two")) == [False]

    def test_imported_file_keeps_its_text(self, archive: Archive) -> None:
        with archive.write() as s:
            add_article(s, article("file", method="seed:labelled"), now=NOW)
        assert add(archive, replace(SECOND, key=article("file").key)) == [True]
        with archive.read() as s:
            assert [stored.number for stored in unread(s, "1")] == [2]
            assert [stored.article.title for stored in unread(s, "1")] == ["Article file"]

    def test_first_known_day_of_publication_stays(self, archive: Archive) -> None:
        add(archive, replace(SECOND, published=LATER, published_on=day("2024-12-20")))
        read(archive)
        assert text_in_force(archive).published_on == day("2024-12-11")

    def test_text_that_comes_while_another_is_being_read(self, archive: Archive) -> None:
        third = replace(SECOND, title="They met, signed and left")
        add(archive, SECOND)
        with archive.read() as s:
            (reading,) = unread(s, "1")
        add(archive, third)
        with archive.write() as s:
            record_detection(s, reading, Detection("en", (meeting(),)), rules_version="1", now=LATER)
        assert text_in_force(archive).text == SECOND.text
        read(archive)
        assert text_in_force(archive).text == third.text
        assert [taken for _, _, taken in versions(archive)] == [True, True, True]

    def test_captions_come_back(self, archive: Archive) -> None:
        add(archive, replace(SECOND, captions=(0,)))
        read(archive)
        assert text_in_force(archive).captions == (0,)


texts = st.sampled_from(["They met.", "They met and spoke.", "They met, spoke and left.", "They met at length."])


def read_by_rules(archive: Archive) -> None:
    """The rules take the whole text as evidence."""
    with archive.write() as s:
        for stored in unread(s, "1"):
            whole = Evidence("status", stored.article.text, 0, len(stored.article.text))
            found = Detection("en", (meeting(evidence=(whole,)),))
            record_detection(s, stored, found, rules_version="1", now=LATER)


@pytest.mark.slow
@given(st.lists(st.tuples(texts, st.booleans()), max_size=8))
@settings(max_examples=20)
def test_evidence_always_points_into_the_text_in_force(steps: list[tuple[str, bool]]) -> None:
    with TemporaryDirectory() as home, Archive.open(Path(home)) as archive:
        with archive.write() as s:
            stored, _ = add_article(s, article(), now=NOW)
            note_listing(s, WAITING, stored.number, now=NOW)
        read_by_rules(archive)
        for text, runs in steps:
            add(archive, article(paragraphs=(text,)))
            if runs:
                read_by_rules(archive)
            with archive.read() as s:
                (mention,) = (mention for known in all_meetings(s) for mention in known.mentions)
            assert mention.meeting.evidence[0].text == mention.article.article.text
