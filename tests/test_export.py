from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveError
from meetings.jsonform import meeting_from_dict
from meetings.records import Forum, Place
from reports.export import COLUMNS, export_csv, export_jsonl
from reports.issue_files import write_issue_files
from tests.hostile_samples import HOSTILE_TEXTS, hostile_meetings
from tests.report_samples import steering_committee
from tests.report_weeks import rich_meetings

DOCS = Path(__file__).parents[1] / "docs"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_jsonl_holds_every_meeting_exactly() -> None:
    meetings = rich_meetings()
    lines = list(export_jsonl(meetings))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    records = [json.loads(line) for line in lines]
    assert [meeting_from_dict(record) for record in records] == [each.meeting for each in meetings]
    mentions = records[0]["mentions"]
    assert [each["side"] for each in mentions] == ["china", "china", "vietnam", "vietnam"]
    assert [meeting_from_dict(each["meeting"]) for each in mentions] == [m.meeting for m in meetings[0].mentions]
    assert records[0]["first_seen"] == "2024-12-11T01:00:00+00:00"
    assert {record["schema"] for record in records} == {"china-vietnam-meetings/1"}


def test_csv_has_one_row_a_meeting() -> None:
    text = "".join(export_csv(rich_meetings()))
    assert text.splitlines()[0] == ",".join(COLUMNS)
    first = rows(text)[0]
    assert first == {
        **dict.fromkeys(COLUMNS, ""),
        "id": "m-steering",
        "date": "2024-12-10",
        "date_basis": "explicit",
        "status": "held",
        "mode": "in_person",
        "venue": "Diaoyutai State Guesthouse",
        "city": "Beijing",
        "country": "CN",
        "direction": "visit_to_china",
        "china": "Wang Yi, Foreign Minister of China",
        "vietnam": "Bui Thanh Son, Deputy Prime Minister and Foreign Minister of Viet Nam",
        "level": "minister",
        "channel": "state",
        "forum": "China-Vietnam Steering Committee for Bilateral Cooperation",
        "forum_ordinal": "16",
        "topics": "trade; infrastructure; maritime",
        "cameo": "042",
        "plover_event": "CONSULT",
        "plover_mode": "visit",
        "first_seen": "2024-12-11T01:00:00+00:00",
        "held_known_at": "2024-12-11T01:00:00+00:00",
        "china_articles": "https://xinhua.example/en/000011.html; https://xinhua.example/zh/000012.html",
        "vietnam_articles": "https://vietnamplus.example/en/000013.html; https://nhandan.example/vi/000014.html",
    }
    files = [row["other_articles"] for row in rows(text) if row["other_articles"].endswith(".txt")]
    assert [bool(re.fullmatch(r"021_[0-9a-f]{16}\.txt", name)) for name in files] == [True]


def test_copies_and_versions_are_marked() -> None:
    first = rich_meetings()[0]
    original, copy, *others = first.mentions
    copied = dataclasses.replace(
        copy, article=dataclasses.replace(copy.article, copy_of=original.article.number, version=2)
    )
    marked = dataclasses.replace(first, mentions=(original, copied, *others))
    (line,) = export_jsonl([marked])
    told = [(each["copy_of"], each["version"]) for each in json.loads(line)["mentions"]]
    assert told == [(None, 1), (original.article.number, 2), (None, 1), (None, 1)]
    assert rows("".join(export_csv([marked])))[0]["copies"] == copy.article.article.url


@given(
    st.sampled_from(sorted(HOSTILE_TEXTS.values()))
    | st.builds("{}{}".format, st.sampled_from("=+-@＝＋－＠\t\r\n \u202e"), st.text(max_size=8))
)
def test_no_cell_is_a_formula(text: str) -> None:
    base = steering_committee()
    bad = dataclasses.replace(base.meeting, id=text, place=Place(text, text, text), forum=Forum(text, 1))
    exported = "".join(export_csv([dataclasses.replace(base, meeting=bad)]))
    (row,) = rows(exported)
    assert exported.count("\r\n") == 2
    assert not any(cell.startswith(tuple("=+-@＝＋－＠\t\r\n ")) for cell in row.values())


def test_a_hostile_week_exports_as_lines() -> None:
    meetings = hostile_meetings()
    lines = list(export_jsonl(meetings))
    assert [json.loads(line)["id"] for line in lines] == [each.meeting.id for each in meetings]
    "".join(lines).encode()
    assert len(rows("".join(export_csv(meetings)))) == len(meetings)


def test_every_column_and_key_is_documented() -> None:
    text = (DOCS / "exports.md").read_text(encoding="utf-8")
    record = json.loads(next(iter(export_jsonl([steering_committee()]))))
    for name in {*COLUMNS, *record, *record["mentions"][0]}:
        assert f"`{name}`" in text, f"docs/exports.md does not name {name}"


def test_issue_files_are_written_whole_and_left_alone_when_the_same(tmp_path: Path) -> None:
    forms: dict[str, str | bytes] = {"digest.md": "# Hà Nội\n", "digest.eml": b"From: x\r\n"}
    paths = write_issue_files(tmp_path / "issues", "2024-W50", forms)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "issues/2024-W50/digest.md",
        "issues/2024-W50/digest.eml",
    ]
    assert [path.read_bytes() for path in paths] == ["# Hà Nội\n".encode(), b"From: x\r\n"]
    before = [path.stat().st_ino for path in paths]
    write_issue_files(tmp_path / "issues", "2024-W50", forms | {"digest.eml": b"From: y\r\n"})
    after = [path.stat().st_ino for path in paths]
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["digest.eml", "digest.md"]


def test_two_writers_of_one_issue_leave_it_whole(tmp_path: Path) -> None:
    texts = [letter * 500_000 for letter in "ab"]

    def write(text: str) -> None:
        for number in range(30):
            write_issue_files(tmp_path, "2024-W50", {"digest.md": f"{text}{number}"})

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(write, texts)) == [None, None]
    assert (tmp_path / "2024-W50" / "digest.md").read_text() in [f"{text}29" for text in texts]


@pytest.mark.parametrize("blocker", ["issues", "issues/2024-W50"])
def test_a_file_in_the_way_is_named(tmp_path: Path, blocker: str) -> None:
    place = tmp_path / blocker
    place.parent.mkdir(exist_ok=True)
    place.write_text("in the way")
    with pytest.raises(ArchiveError, match=r"2024-W50") as caught:
        write_issue_files(tmp_path / "issues", "2024-W50", {"digest.md": "x"})
    assert "\n" not in str(caught.value)
