"""Meetings of one trip grouped under it, with the route and the kind that the articles name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import StoredMeeting
from meetings.records import Channel, Direction, Mode, Person, Place, Rank, Status
from meetings.visitwords import VisitKind
from reports.accounts import Outlets
from reports.visits import Visit, visit_view, visits_of
from tests.report_catalogue import SOURCES
from tests.report_parts import HANOI, meeting, mention, person, stored, stored_article

LAM = person("To Lam", "General Secretary", "Tô Lâm", Rank.LEADER)
SON = person("Bui Thanh Son", "Foreign Minister", "Bùi Thanh Sơn", Rank.MINISTER)
XI = person("Xi Jinping", "President", "习近平", Rank.LEADER)
WANG = person("Wang Yi", "Foreign Minister", "王毅", Rank.MINISTER)


def told(
    meeting_id: str,
    date: str,
    city: str | None = "Beijing",
    *,
    china: Sequence[Person] = (XI,),
    vietnam: Sequence[Person] = (LAM,),
    direction: Direction = Direction.TO_CHINA,
    article: int = 0,
    text: str = "They met.",
    language: str = "en",
    **changes: object,
) -> StoredMeeting:
    country = {Direction.TO_CHINA: "CN", Direction.TO_VIETNAM: "VN"}.get(direction, "LA")
    record = meeting(meeting_id, date, china, vietnam, place=Place(None, city, country))
    record = replace(record, direction=direction, **changes)  # type: ignore[arg-type]  # mixed values
    source = stored_article(article or int(date[-2:]), "xinhua", language, date, "Title", text)
    return stored(record, mention(record, source, {}))


def grouped(*meetings: StoredMeeting) -> list[list[str]]:
    return [[each.meeting.id for each in visit.meetings] for visit in visits_of(meetings)]


A, B = told("a", "2024-08-18", "Guangzhou"), told("b", "2024-08-19")


@pytest.mark.parametrize(
    ("meetings", "groups"),
    [
        pytest.param([A, B], [["a", "b"]], id="the next day in another city"),
        pytest.param([A, told("c", "2024-08-20")], [["a", "c"]], id="a day without a meeting between"),
        pytest.param([A, told("c", "2024-08-21")], [], id="two days between"),
        pytest.param([A, told("c", "2024-08-19", vietnam=[SON])], [], id="another traveller, another city"),
        pytest.param(
            [B, told("c", "2024-08-19", vietnam=[SON], china=[WANG], article=77)],
            [],
            id="a minister of whom nobody says that he came along",
        ),
        pytest.param(
            [B, told("c", "2024-08-19", vietnam=[SON], china=[WANG], article=19)],
            [["b", "c"]],
            id="a minister told by the same article",
        ),
        pytest.param(
            [
                B,
                told(
                    "c",
                    "2024-08-19",
                    vietnam=[SON],
                    china=[WANG],
                    article=77,
                    text="Bui Thanh Son, who accompanied To Lam, met Wang Yi.",
                ),
            ],
            [["b", "c"]],
            id="a minister whose article names the leader",
        ),
        pytest.param(
            [
                B,
                told(
                    "c", "2024-08-19", "Nanning", vietnam=[SON], article=77, channel=Channel.SUBNATIONAL, text="To Lam"
                ),
            ],
            [],
            id="provinces, while the leader is in the country",
        ),
        pytest.param(
            [B, told("c", "2024-08-21", vietnam=[SON], china=[WANG], article=77, text="To Lam")],
            [],
            id="after the leader left",
        ),
        pytest.param(
            [
                B,
                told(
                    "c", "2024-08-19", "Hanoi", direction=Direction.TO_VIETNAM, china=[WANG], vietnam=[SON], article=19
                ),
            ],
            [],
            id="a visit the other way",
        ),
        pytest.param([A, replace(B, meeting=replace(B.meeting, status=Status.CANCELLED))], [], id="called off"),
        pytest.param([A, replace(B, meeting=replace(B.meeting, mode=Mode.PHONE))], [], id="a call"),
        pytest.param(
            [told("a", "2024-08-18", channel=Channel.EMBASSY), told("b", "2024-08-19", channel=Channel.EMBASSY)],
            [],
            id="an ambassador lives there",
        ),
        pytest.param([A, told("b", "2024-08-19", vietnam=[])], [], id="nobody named"),
        pytest.param(
            [
                told("a", "2024-08-18", "Vientiane", direction=Direction.THIRD_COUNTRY),
                told("b", "2024-08-18", "Vientiane", direction=Direction.THIRD_COUNTRY, vietnam=[SON]),
            ],
            [["a", "b"]],
            id="in a third country both sides travel",
        ),
        pytest.param(
            [told("a", "2024-08-18", text="To Lam is on a state visit to China.")],
            [["a"]],
            id="one meeting of a visit that is named",
        ),
        pytest.param([A], [], id="one meeting of a visit that nobody names"),
    ],
)
def test_what_is_one_visit(meetings: list[StoredMeeting], groups: list[list[str]]) -> None:
    assert grouped(*meetings) == groups


DAYS = st.integers(1, 28)
PEOPLE = st.lists(st.sampled_from([LAM, SON, person("Tran Cam Tu", "Member", None, Rank.DEPUTY_LEADER)]), max_size=2)


@given(
    data=st.lists(st.tuples(DAYS, PEOPLE, st.sampled_from(["Beijing", "Hanoi", "Kunming", None])), max_size=9),
    random=st.randoms(use_true_random=False),
)
def test_visits_do_not_depend_on_order_and_share_no_meeting(
    data: list[tuple[int, list[Person], str | None]], random: object
) -> None:
    meetings = [
        told(f"m{number}", f"2024-08-{day:02d}", city, vietnam=people, article=number + 1)
        for number, (day, people, city) in enumerate(data)
    ]
    shuffled = list(meetings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's Random
    assert visits_of(shuffled) == visits_of(meetings)
    members = [each.meeting.id for visit in visits_of(meetings) for each in visit.meetings]
    assert len(members) == len(set(members))


def shown(*meetings: StoredMeeting) -> Visit:
    [visit] = visits_of(meetings)
    return visit


@pytest.mark.parametrize(
    ("stays", "route"),
    [
        pytest.param(
            [("18", "Guangzhou"), ("19", "Beijing"), ("20", "Beijing")],
            "Guangzhou (18 Aug) → Beijing (19–20 Aug)",
            id="two cities",
        ),
        pytest.param([("18", "Beijing"), ("19", "Beijing")], "Beijing", id="one city"),
        pytest.param(
            [("18", "Beijing"), ("19", "Nanning"), ("19", "Beijing")],
            "Beijing (18–19 Aug) → Nanning (19 Aug)",
            id="left during a day",
        ),
        pytest.param(
            [("18", "Nanning"), ("18", "Beijing"), ("19", "Beijing")],
            "Nanning (18 Aug) → Beijing (18–19 Aug)",
            id="arrived during a day",
        ),
        pytest.param([("18", None), ("19", "Beijing")], "Beijing", id="a place not known"),
        pytest.param([("18", None), ("19", None)], "", id="no place known"),
    ],
)
def test_the_route(stays: list[tuple[str, str | None]], route: str) -> None:
    meetings = [told(f"m{n}", f"2024-08-{day}", city, article=n + 1) for n, (day, city) in enumerate(stays)]
    assert visit_view(shown(*meetings), outlets=Outlets.of(SOURCES), zone=HANOI).route == route


def test_a_visit_in_words_with_the_sentence_it_rests_on() -> None:
    first = told("a", "2024-08-18", "Guangzhou", text="Before all this. To Lam is on a three-day state visit to China.")
    second = told("b", "2024-08-19", vietnam=[SON, LAM])
    view = visit_view(shown(second, first), outlets=Outlets.of(SOURCES), zone=HANOI)
    assert (view.headline, view.period, view.kind) == ("To Lam in China", "18–19 August 2024", "State visit")
    assert view.basis == "To Lam is on a three-day state visit to China."
    assert view.article is not None
    assert view.meeting_ids == ("a", "b")


def test_a_coming_visit_is_told_as_one() -> None:
    coming = told("a", "2024-08-18", text="To Lam will pay an official visit to China.", status=Status.ANNOUNCED)
    view = visit_view(shown(coming), outlets=Outlets.of(SOURCES), zone=HANOI)
    assert (view.headline, view.period, view.kind) == ("To Lam to visit China", "18 August 2024", "Official visit")


VISITS = "To Lam is on a state visit to China from August {}."


@pytest.mark.parametrize(
    ("days", "texts", "period", "quoted"),
    [
        pytest.param(("18", "19"), (VISITS.format("18 to 20"),), "18–20 August 2024 (as reported)", "", id="longer"),
        pytest.param(("18", "20"), (VISITS.format("18 to 20"),), "18–20 August 2024", "", id="the meetings' own"),
        pytest.param(
            ("18", "19", "21"),
            (VISITS.format("18 to 20"),),
            "18–21 August 2024 (as reported: 18–20 August 2024)",
            "",
            id="a meeting outside is not hidden",
        ),
        pytest.param(("18", "19"), ("To Lam is on a state visit to China.",), "18–19 August 2024", "", id="not told"),
        pytest.param(
            ("18", "19"),
            ("To Lam is on a state visit to China.", "To Lam’s trip from August 17 to 20 is his first."),
            "17–20 August 2024 (as reported)",
            "To Lam’s trip from August 17 to 20 is his first.",
            id="in another sentence than the kind",
        ),
        pytest.param(
            ("18", "19", "20"),
            (VISITS.format("18 to 21"), VISITS.format("18 to 22"), VISITS.format("18 to 22")),
            "18–22 August 2024 (as reported)",
            "To Lam is on a state visit to China from August 18 to 22.",
            id="most articles",
        ),
        pytest.param(
            ("18", "19"),
            (VISITS.format("18 to 21"), VISITS.format("18 to 20")),
            "18–20 August 2024 (as reported)",
            "To Lam is on a state visit to China from August 18 to 20.",
            id="of two what was told last",
        ),
        pytest.param(
            ("18", "19"),
            ("To Lam visits Laos from August 15 to 17 and then China.", VISITS.format("3 to 5")),
            "18–19 August 2024",
            "",
            id="other visits",
        ),
    ],
)
def test_the_days_that_articles_give_a_visit(
    days: Sequence[str], texts: Sequence[str], period: str, quoted: str
) -> None:
    told_texts = [*texts, *["They met."] * (len(days) - len(texts))]
    meetings = [told(f"m{day}", f"2024-08-{day}", text=text) for day, text in zip(days, told_texts, strict=True)]
    view = visit_view(shown(*meetings), outlets=Outlets.of(SOURCES), zone=HANOI)
    assert view.period == period
    assert (view.days.text if view.days else "") == quoted
    assert view.meeting_ids == tuple(f"m{day}" for day in days)


def test_the_days_of_a_coming_visit_are_announced_ones() -> None:
    text = "To Lam will pay an official visit to China from August 18 to 20."
    view = visit_view(
        shown(told("a", "2024-08-18", text=text, status=Status.ANNOUNCED)), outlets=Outlets.of(SOURCES), zone=HANOI
    )
    assert (view.period, view.days) == ("18–20 August 2024 (as announced)", None)


def test_most_articles_decide_the_kind() -> None:
    texts = [
        "To Lam’s state visit to China",
        "To Lam pays a state visit to China",
        "To Lam is on an official visit to China",
    ]
    meetings = [told(f"m{n}", f"2024-08-{18 + n}", text=text) for n, text in enumerate(texts)]
    assert shown(*meetings).kind is not None
    assert shown(*meetings).kind.kind is VisitKind.STATE  # type: ignore[union-attr]  # just asserted
    assert visit_view(shown(meetings[2]), outlets=Outlets.of(SOURCES), zone=HANOI).kind == "Official visit"
