"""Same meeting or not, ids for a run, and merging."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.identity import cluster, merge, same_meeting
from meetings.records import (
    Channel,
    Codes,
    DateBasis,
    Direction,
    Evidence,
    Forum,
    Meeting,
    Mode,
    Person,
    Place,
    Plover,
    Rank,
    Status,
)

DAY = dt.date(2024, 12, 10)
WANG = Person("Wang Yi", "Wang Yi", "Foreign Minister", Rank.MINISTER)
SON = Person("Bui Thanh Son", "Bùi Thanh Sơn", "Deputy Prime Minister", Rank.DEPUTY_LEADER)
OFFICE = Person(None, None, "his Vietnamese counterpart", Rank.MINISTER)
TALKS = Meeting(
    date=DAY,
    end_date=None,
    date_basis=DateBasis.EXPLICIT,
    status=Status.HELD,
    mode=Mode.IN_PERSON,
    place=Place(None, "Beijing", "CN"),
    direction=Direction.TO_CHINA,
    china=(WANG,),
    vietnam=(SON,),
    level=Rank.DEPUTY_LEADER,
    channel=Channel.STATE,
    forum=None,
    topics=(),
    codes=Codes("042", Plover("CONSULT", "visit", ())),
    evidence=(Evidence("date", "Dec. 10", 3, 10),),
)
SESSION = Forum("Steering Committee for Bilateral Cooperation", 16)
WEAK_NEXT_DAY = replace(TALKS, date=DAY + dt.timedelta(1), date_basis=DateBasis.DATELINE)

PAIRS = [
    pytest.param(TALKS, True, id="itself"),
    pytest.param(replace(TALKS, date=None, date_basis=DateBasis.UNKNOWN), True, id="no date"),
    pytest.param(WEAK_NEXT_DAY, True, id="a day later by dateline"),
    pytest.param(replace(TALKS, date=DAY + dt.timedelta(1)), False, id="a day later, explicit"),
    pytest.param(replace(TALKS, date=DAY + dt.timedelta(3)), False, id="three days later"),
    pytest.param(replace(TALKS, date=DAY - dt.timedelta(1), end_date=DAY), True, id="within several days"),
    pytest.param(replace(TALKS, forum=SESSION), True, id="one names the session"),
    pytest.param(replace(TALKS, forum=Forum("Tea reception")), False, id="tea after the talks"),
    pytest.param(replace(TALKS, mode=Mode.PHONE), False, id="by phone"),
    pytest.param(replace(TALKS, vietnam=(replace(SON, name="To Lam"),)), False, id="another counterpart"),
    pytest.param(replace(TALKS, vietnam=(OFFICE,)), False, id="counterpart of another rank"),
    pytest.param(replace(TALKS, vietnam=()), True, id="counterpart unnamed"),
    pytest.param(replace(TALKS, vietnam=(replace(SON, name="BUI THANH SON"),)), True, id="name in capitals"),
    pytest.param(replace(TALKS, place=Place(None, "Hanoi", "VN")), False, id="another country"),
    pytest.param(replace(TALKS, place=Place(None, None, None)), True, id="place unknown"),
    pytest.param(replace(TALKS, status=Status.ANNOUNCED, end_date=DAY + dt.timedelta(2)), True, id="announced before"),
    pytest.param(
        replace(TALKS, status=Status.ANNOUNCED, date=DAY + dt.timedelta(9)), False, id="announced for another week"
    ),
]  # fmt: skip


# records that share some of their fields, so that they fit each other in part
PARTLY = st.builds(
    replace,
    st.just(TALKS),
    date=st.sampled_from([DAY, DAY + dt.timedelta(1), None]),
    end_date=st.sampled_from([None, DAY + dt.timedelta(2)]),
    date_basis=st.sampled_from(DateBasis),
    mode=st.sampled_from(Mode),
    china=st.sampled_from([TALKS.china, TALKS.vietnam, ()]),
    vietnam=st.sampled_from([TALKS.vietnam, TALKS.china, ()]),
    forum=st.sampled_from([None, Forum("Tea reception"), Forum("Steering Committee", 16)]),
)


@pytest.mark.parametrize(("other", "same"), PAIRS)
def test_same_meeting(other: Meeting, same: bool) -> None:
    assert same_meeting(TALKS, other) is same
    assert same_meeting(other, TALKS) is same


def test_sessions_are_told_apart_by_number_or_name() -> None:
    sixteenth, fifteenth = replace(TALKS, forum=SESSION), replace(TALKS, forum=replace(SESSION, ordinal=15))
    dialogue = replace(TALKS, forum=Forum("3+3 Strategic Dialogue", 1), china=(), vietnam=())
    assert not same_meeting(sixteenth, fifteenth)
    assert not same_meeting(sixteenth, dialogue)
    assert same_meeting(dialogue, replace(dialogue, date_basis=DateBasis.WEEKDAY))


def test_ids_do_not_depend_on_order() -> None:
    tea = replace(TALKS, forum=Forum("Tea reception"))
    later = replace(TALKS, date=DAY + dt.timedelta(30))
    run = [TALKS, WEAK_NEXT_DAY, tea, later, replace(TALKS, vietnam=())]
    expected = dict(zip(map(str, run), cluster([(m, DAY) for m in run]), strict=True))
    assert expected[str(TALKS)] == expected[str(WEAK_NEXT_DAY)] == expected[str(run[4])]
    assert len(set(expected.values())) == 3
    for order in permutations(run):
        assert cluster([(m, DAY) for m in order]) == [expected[str(m)] for m in order]


@given(st.lists(st.tuples(PARTLY, st.sampled_from([DAY, DAY + dt.timedelta(3), None])), max_size=12), st.randoms())
def test_ids_do_not_depend_on_order_whatever_is_told(run: list[tuple[Meeting, dt.date | None]], rnd: Random) -> None:
    order = list(range(len(run)))
    rnd.shuffle(order)
    ids = cluster(run)
    assert cluster([run[i] for i in order]) == [ids[i] for i in order]


def test_undated_record_needs_a_near_publication() -> None:
    undated = replace(TALKS, date=None, date_basis=DateBasis.UNKNOWN)
    near, far = DAY + dt.timedelta(2), DAY + dt.timedelta(60)
    first, second = cluster([(TALKS, DAY), (undated, near)])
    assert first == second
    first, second = cluster([(TALKS, DAY), (undated, far)])
    assert first != second


def test_merge_takes_the_best_of_each() -> None:
    announced = replace(
        TALKS,
        id="m-1",
        status=Status.ANNOUNCED,
        date_basis=DateBasis.WEEKDAY,
        vietnam=(OFFICE,),
        place=Place(None, None, "CN"),
    )
    merged = merge([announced, replace(TALKS, forum=SESSION)])
    assert (merged.id, merged.status, merged.date_basis) == ("m-1", Status.HELD, DateBasis.EXPLICIT)
    assert (merged.vietnam, merged.place.city, merged.forum) == ((SON,), "Beijing", SESSION)
    assert merged.evidence == ()
    assert merge([announced]) is announced


def test_an_empty_run_has_no_ids() -> None:
    assert cluster([]) == []
