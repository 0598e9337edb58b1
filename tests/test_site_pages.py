"""Pages and their parts from records: addresses, evidence, people, lists, search, data; harmless with any words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import Mention, StoredMeeting
from meetings.records import Status
from parsers.records import Side
from reports.accounts import Outlets, accounts
from reports.firsts import Past
from reports.lead import tellers_of
from reports.records import CorrectionView
from reports.site import data, front, lists, paths, people, search, templating
from reports.site.cards import Card, card
from reports.site.evidence import SourceView, sources
from reports.site.meeting_pages import Task, Told, make_pages
from reports.views import meeting_view
from tests.hostile_samples import hostile_meetings
from tests.report_catalogue import SOURCES
from tests.report_parts import HANOI, stored
from tests.report_samples import phone_call, steering_committee
from tests.report_weeks import rich_meetings
from tests.site_samples import Page, inside, read

OUTLETS = Outlets.of(SOURCES)


def card_of(meeting: StoredMeeting) -> Card:
    return card(meeting, accounts=accounts(meeting, OUTLETS, HANOI, None), zone=HANOI)


def told_by(meeting: StoredMeeting) -> tuple[SourceView, ...]:
    return sources(meeting, outlets=OUTLETS, zone=HANOI)


def made(meetings: list[StoredMeeting], out: Path, told: Told | None = None) -> dict[str, Page]:
    """Each meeting's page, by its id."""
    make_pages(
        meetings,
        Task({each.meeting.id: told or Told() for each in meetings}),
        past=Past.of(meetings),
        outlets=OUTLETS,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        out=out,
    )
    return {each.meeting.id: read(out / paths.meeting_page(each.meeting.id)) for each in meetings}


@pytest.mark.parametrize(
    ("side", "name", "page"),
    [
        pytest.param("china", "Wang Yi", "people/wang-yi-cn/index.html", id="plain"),
        pytest.param("vietnam", "Wang Yi", "people/wang-yi-vn/index.html", id="same name on the other side"),
        pytest.param("china", "Wang-Yi", "people/wang-yi-f328e3-cn/index.html", id="what is lost is told by a digest"),
        pytest.param("china", "../../etc/passwd", "people/etc-passwd-3754d6-cn/index.html", id="a path"),
    ],
)
def test_address_of_a_person(side: str, name: str, page: str) -> None:
    assert paths.person_page(side, name) == page


@given(st.text(min_size=1, max_size=90), st.text(min_size=1, max_size=90))
def test_two_names_never_share_an_address(one: str, other: str) -> None:
    assert paths.slug(one) != paths.slug(other) or one.casefold() == other.casefold()


@given(st.text(max_size=200))
def test_every_address_is_a_plain_path(name: str) -> None:
    for page in (paths.meeting_page(name), paths.forum_page(name), paths.person_page("china", name)):
        _, folder, file = page.split("/")
        assert file == "index.html"
        assert folder
        assert all(char.isascii() and (char.isalnum() or char in "-_") for char in folder)
        assert len(page) < 120


def test_a_meeting_has_the_address_that_mails_link_to() -> None:
    page = paths.meeting_page("m-5bb5e807c0b1")
    assert paths.address("https://x.example/a", page) == "https://x.example/a/meetings/m-5bb5e807c0b1/"


def test_every_field_is_marked_in_the_sentence_it_was_read_in() -> None:
    xinhua = told_by(steering_committee())[0]
    first, second = xinhua.sentences
    assert [(piece.text, piece.labels) for piece in first if piece.kinds] == [
        ("Wang Yi", ("China",)),
        ("16th session", ("forum",)),
        ("Tuesday", ("date",)),
    ]
    assert "".join(piece.text for piece in first).startswith("BEIJING, Dec. 10 (Xinhua) -- Foreign Minister Wang Yi")
    assert [piece.text for piece in second if "topic" in piece.kinds] == ["trade should", "railways"]
    assert xinhua.says.startswith("held in person · 10 December 2024 · Beijing · Wang Yi, Bui Thanh Son")


@pytest.mark.parametrize("meeting", rich_meetings(), ids=lambda meeting: meeting.meeting.id)
def test_all_evidence_is_marked_and_sentences_stay_whole(meeting: StoredMeeting) -> None:
    views = {view.anchor: view for view in told_by(meeting)}
    for each in [each for each in meeting.mentions if each.article.copy_of is None]:
        view, text = views[f"article-{each.article.number}"], " ".join(each.article.article.text.split())
        spans = [*each.meeting.evidence, *(topic.evidence for topic in each.meeting.topics)]
        marked = "".join(piece.text for sentence in view.sentences for piece in sentence if piece.kinds)
        assert all(word in marked for evidence in spans for word in evidence.text.split())
        for sentence in view.sentences:
            assert " ".join("".join(piece.text for piece in sentence).split()) in text


def test_a_copy_leads_to_the_sentences_of_its_original() -> None:
    meeting = phone_call()
    [original] = meeting.mentions
    article = dataclasses.replace(original.article, number=99, copy_of=original.article.number)
    copied = stored(meeting.meeting, dataclasses.replace(original, article=article), original)
    first, second = told_by(copied)
    assert (first.anchor, first.prints) == ("article-17", "")
    assert (second.anchor, second.copy_of, second.sentences) == ("article-99", "article-17", ())
    assert second.prints == "Prints the text that VietnamPlus has first."


def test_a_page_tells_of_issues_corrections_and_former_ids(tmp_path: Path) -> None:
    correction = CorrectionView("m-phone", "They met", "2024-W50", "Date", "10 December 2024", "12 December 2024")
    told = Told(("2024-W50",), (correction,), ("m-former",))
    pages = made([phone_call()], tmp_path, told)
    html = (tmp_path / paths.meeting_page("m-phone")).read_text()
    assert "<s>10 December 2024</s>, now <strong>12 December 2024</strong>" in html
    assert "../../issues/2024-W50/index.html" in pages["m-phone"].links
    assert "../../meetings/m-former/index.html" in pages["m-phone"].links


def tellings(*told: tuple[Side | None, Status, int | None]) -> StoredMeeting:
    """A held meeting told by one article each: of a side, as held or announced, printing another one's text or none."""
    meeting = phone_call()
    [plain] = meeting.mentions
    mentions = []
    for number, (side, status, copy_of) in enumerate(told, start=1):
        article = dataclasses.replace(plain.article.article, side=side, outlet=None)
        stored_ = dataclasses.replace(plain.article, number=number, article=article, copy_of=copy_of)
        mentions.append(Mention(stored_, dataclasses.replace(plain.meeting, status=status)))
    return dataclasses.replace(meeting, mentions=tuple(mentions))


HELD, COMING = Status.HELD, Status.ANNOUNCED
CN, VN = Side.CHINA, Side.VIETNAM


@pytest.mark.parametrize(
    ("told", "by"),
    [
        pytest.param([(CN, HELD, None), (VN, HELD, None)], "both", id="both"),
        pytest.param([(CN, HELD, None), (Side.OTHER, HELD, None)], "china", id="Beijing alone of the two"),
        pytest.param([(CN, HELD, None), (VN, COMING, None)], "china", id="Hanoi only announced it"),
        pytest.param([(CN, COMING, None), (VN, COMING, None)], "both", id="both announced it"),
        pytest.param([(CN, HELD, None), (VN, HELD, 1)], "china", id="an outlet of Viet Nam prints China's text"),
        pytest.param([(VN, HELD, None), (None, HELD, None)], "unknown", id="Hanoi, and perhaps Beijing"),
        pytest.param([(CN, HELD, None), (VN, HELD, None), (None, HELD, None)], "both", id="both, and somebody"),
        pytest.param([(None, HELD, None), (Side.OTHER, HELD, None)], "unknown", id="somebody and a third party"),
        pytest.param([(Side.OTHER, HELD, None)], "other", id="a third party"),
    ],
)
def test_who_told_of_it(told: Sequence[tuple[Side | None, Status, int | None]], by: str) -> None:
    """The same on its card and in an issue's lead."""
    meeting = tellings(*told)
    assert card_of(meeting).told == by
    view = meeting_view(meeting, outlets=OUTLETS, zone=HANOI, as_of=None)
    assert tellers_of([view]) == tuple(int(by == each) for each in ("both", "china", "vietnam"))


def test_a_person_has_names_in_three_scripts_offices_and_company() -> None:
    cards = [card_of(meeting) for meeting in rich_meetings()]
    page = paths.person_page("china", "Wang Yi")
    told = people.person(page, people.by_person(cards)[page])
    assert {("zh", "王毅"), ("vi", "Vương Nghị")} <= {(form.language, form.text) for form in told.names}
    assert ("Foreign minister", "16 Mar 2013") in {(office.name, office.start) for office in told.offices}
    assert {each.text for each in told.written} == {"Foreign Minister", "Foreign Minister of China"}
    assert (told.counterparts[0].name, told.counterparts[0].meetings) == ("Bui Thanh Son", 2)
    assert {each.name for each in told.colleagues} == {"Dong Jun", "Wang Xiaohong"}
    assert told.meetings == 2


def test_the_timeline_counts_every_meeting_once() -> None:
    cards = [card_of(meeting) for meeting in rich_meetings()]
    years = lists.by_year(cards)
    assert lists.timeline(years).meetings == len(cards)
    year = lists.year_of("2024", years["2024"], years=["2023", "2024"])
    assert sum(row.total for row in year.rows) == sum(len(month.cards) for month in year.months) == len(cards)
    assert (year.before, year.after) == ("2023", "")
    assert {cell.anchor for row in year.rows for cell in row.cells if cell.count} == {
        month.anchor for month in year.months
    }


def test_a_year_for_the_search_names_each_person_once_with_all_forms() -> None:
    text = search.shard("2024", [card_of(steering_committee()), card_of(phone_call())])
    year = json.loads(text.removeprefix("meetingsOfYear(").removesuffix(");\n"))
    assert [row[0] for row in year["rows"]] == ["m-phone", "m-steering"]
    named = {names[0]: names[1:] for names in year["people"]}
    assert named["wang-yi-cn"][0] == "Wang Yi"
    assert "王毅" in named["wang-yi-cn"]
    assert year["rows"][1][-2] == "China-Vietnam Steering Committee for Bilateral Cooperation, 16th session"


def test_what_lies_ahead_is_not_new() -> None:
    cards = [card_of(meeting) for meeting in rich_meetings()]
    today = max(meeting.meeting.date for meeting in rich_meetings() if meeting.meeting.date and meeting.held_known_at)
    page = front.front(cards, [], "", people=0, today=today)
    assert {each.status for each in page.newest} == {"held"}
    assert all(each.status == "announced" and each.day >= today.isoformat() for each in page.ahead)


def test_data_files_come_apart_and_together() -> None:
    frame, meetings = data.frame(), rich_meetings()
    parts = [data.parts_of(stored, None) for stored in meetings]
    files = data.joined(parts, frame)
    lengths = {each.meeting.id: tuple(map(len, part)) for each, part in zip(meetings, parts, strict=True)}
    assert data.taken_apart(files, lengths, frame) == dict(zip(lengths, parts, strict=True))
    assert files[0].count(b"\n") == len(meetings)
    assert files[3].startswith(b"BEGIN:VCALENDAR")
    assert files[3].endswith(b"END:VCALENDAR\r\n")


def test_a_data_file_that_is_not_the_one_that_was_built_is_not_mended() -> None:
    frame, meetings = data.frame(), rich_meetings()
    parts = [data.parts_of(stored, None) for stored in meetings]
    files = data.joined(parts, frame)
    lengths = {each.meeting.id: tuple(map(len, part)) for each, part in zip(meetings, parts, strict=True)}
    assert data.taken_apart([files[0] + b"more", *files[1:]], lengths, frame) == {}


def test_hostile_meetings_make_harmless_pages(tmp_path: Path) -> None:
    hostile = hostile_meetings()
    for id_, page in made(hostile, tmp_path).items():
        assert page.danger == []
        assert page.loaded == ["../../assets/site.css", "../../feed.atom"]
        outside = [link for link in page.links if inside(paths.meeting_page(id_), link) is None]
        assert all(link.startswith(("https://", "http://")) for link in outside)
        assert all(not to[0].startswith("..") for link in page.links if (to := inside("meetings/m/index.html", link)))
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*.html")).decode()
    assert not any(char in raw for char in "\u202e\u2066\x00\x07\x1b\u2028")


@given(st.text(st.sampled_from("&<>'\"; é会")))
def test_values_are_escaped_as_markupsafe_escapes_them(text: str) -> None:
    assert templating.escaped(text) == markupsafe.escape(text)
    assert templating.escaped(markupsafe.escape(text)) == markupsafe.escape(text)


def test_a_template_calls_macros_by_place_alone() -> None:
    environment = templating.Templates(autoescape=True)
    page = "{% macro both(a, b=2) %}<{{ a }}{{ b }}>{% endmacro %}"
    assert environment.from_string(page + '{{ both("&") }}{{ both(3, 4) }}').render() == "<&amp;2><34>"
    with pytest.raises(jinja2.TemplateAssertionError, match="not by name"):
        environment.from_string(page + "{{ both(1, b=3) }}")


def test_a_shard_with_hostile_names_stays_one_call() -> None:
    text = search.shard("2024", [card_of(meeting) for meeting in hostile_meetings()])
    assert text.count("\n") == 1
    assert json.loads(text.removeprefix("meetingsOfYear(").removesuffix(");\n"))["rows"]


def test_headings_never_skip_a_level(tmp_path: Path) -> None:
    for page in made(rich_meetings(), tmp_path).values():
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
