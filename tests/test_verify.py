"""Every kind of damage: found under its word, mended where that loses nothing, and told where it does not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from archive import mending
from archive.articles import add_article
from archive.checks import Damage
from archive.locks import Busy, LeaseLost
from archive.restoring import SET_ASIDE
from archive.warc import RawWriter, exchange_bytes
from archive.warcscan import spans, whole_length
from flows import issuing, verifying
from flows.settings import Settings
from flows.verifying import repair, verify
from parsers.records import InputError
from tests.archive_samples import NOW, answer, article
from tests.backupkit import WEEK, contents, fill, ingest_under_way, opened, quiet, settings_for
from tests.commandline import Meetings
from tests.databases import PostgreSQL


@pytest.fixture
def kept(tmp_path: Path, database: str | None) -> Settings:
    """A filled home; a test that takes it runs on both databases."""
    settings = settings_for(tmp_path / "home", database)
    fill(settings)
    return settings


def an_article(home: Path) -> Path:
    return min((home / "articles").rglob("*.txt"))


def a_raw_file(home: Path) -> Path:
    return max((home / "raw").iterdir())


def in_issue(name: str) -> Callable[[Path], Path]:
    return lambda home: home / "issues" / WEEK / name


def with_more(path: Callable[[Path], Path], more: bytes = b"more") -> Callable[[Path], None]:
    def change(home: Path) -> None:
        path(home).write_bytes(path(home).read_bytes() + more)

    return change


def without(path: Callable[[Path], Path]) -> Callable[[Path], None]:
    return lambda home: path(home).unlink()


def garble_mail(home: Path) -> None:
    mail = in_issue("digest.eml")(home)
    mail.write_bytes(mail.read_bytes().replace(b"Beijing", b"Hanoi.."))


def break_record(home: Path) -> None:
    """A byte in the middle of the second of five records."""
    path = a_raw_file(home)
    data = bytearray(path.read_bytes())
    second = list(spans(bytes(data)))[1]
    data[(second.start + second.end) // 2] ^= 0xFF
    path.write_bytes(data)


def put(name: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_bytes(b"what is this?")

    return change


FILES = [
    pytest.param(without(an_article), Damage.ARTICLE_FILE_MISSING, id="article missing"),
    pytest.param(lambda home: shutil.rmtree(home / "articles"), Damage.ARTICLE_FILE_MISSING, id="all articles missing"),
    pytest.param(with_more(an_article), Damage.ARTICLE_FILE_CHANGED, id="article changed"),
    pytest.param(lambda home: an_article(home).write_bytes(b""), Damage.ARTICLE_FILE_CHANGED, id="article empty"),
    pytest.param(put("articles/2024/notes.txt"), Damage.FILE_UNKNOWN, id="a stranger among articles"),
    pytest.param(put("articles/2024/.001_b277efd025430153.txt.part"), Damage.FILE_UNKNOWN, id="half written"),
    pytest.param(put("articles/1999/001_b277efd025430153.txt"), Damage.FILE_UNKNOWN, id="an article of another year"),
    pytest.param(put("raw/notes.txt"), Damage.FILE_UNKNOWN, id="a stranger among raw files"),
    pytest.param(without(in_issue("digest.html")), Damage.ISSUE_FILE_MISSING, id="page missing"),
    pytest.param(lambda home: shutil.rmtree(home / "issues"), Damage.ISSUE_FILE_MISSING, id="all issues missing"),
    pytest.param(with_more(in_issue("digest.md")), Damage.ISSUE_FILE_CHANGED, id="Markdown changed"),
    pytest.param(garble_mail, Damage.ISSUE_FILE_CHANGED, id="mail changed"),
    pytest.param(with_more(a_raw_file, exchange_bytes(answer())[:100]), Damage.RAW_CUT, id="half a record"),
    pytest.param(break_record, Damage.RAW_DAMAGED, id="a byte of a record"),
]


@pytest.mark.parametrize(("damage", "word"), FILES)
def test_a_damaged_file_is_found_and_mended(damage: Callable[[Path], None], word: Damage, kept: Settings) -> None:
    assert verify(kept, quiet) == []
    before = contents(kept.home)
    damage(kept.home)
    damaged = contents(kept.home)
    found = verify(kept, quiet)
    assert {each.damage for each in found} == {word}
    assert contents(kept.home) == damaged, "looking changes nothing"

    report = repair(kept, quiet)
    assert (set(report.mended), report.left) == (set(found), ())
    assert verify(kept, quiet) == []
    after = contents(kept.home)
    assert after.keys() == before.keys()
    raw = {name for name in before if name.startswith("raw/")}
    assert {name: after[name] for name in after.keys() - raw} == {name: before[name] for name in before.keys() - raw}
    # whatever was there and is no more lies aside
    aside = {path.read_bytes() for path in (kept.home / SET_ASIDE).rglob("*") if path.is_file()}
    assert {data for name, data in damaged.items() if after.get(name) != data} <= aside
    assert repair(kept, quiet).mended == ()


def test_of_a_damaged_raw_file_every_whole_record_stays(kept: Settings) -> None:
    before = a_raw_file(kept.home).read_bytes()
    pieces = [before[span.start : span.end] for span in spans(before)]
    assert len(pieces) == 5
    break_record(kept.home)
    repair(kept, quiet)
    assert a_raw_file(kept.home).read_bytes() == b"".join([pieces[0], *pieces[2:]])


def test_one_raw_file_that_cannot_be_read_does_not_stop_the_others(kept: Settings) -> None:
    gone = kept.home / "raw" / "0-gone.warc.gz"
    gone.symlink_to(kept.home / "nowhere")
    break_record(kept.home)
    without(an_article)(kept.home)
    report = repair(kept, quiet)
    assert {each.damage for each in report.mended} == {Damage.RAW_DAMAGED, Damage.ARTICLE_FILE_MISSING}
    assert [each.subject for each in report.left] == ["raw/0-gone.warc.gz"]


@pytest.mark.parametrize(
    ("step", "damage"),
    [
        pytest.param((mending, "set_aside"), put("articles/2024/notes.txt"), id="before the second file is moved"),
        pytest.param((mending, "mend_articles"), without(an_article), id="before an article is written"),
        pytest.param((issuing, "compose"), without(in_issue("digest.html")), id="before an issue is written"),
    ],
)
def test_a_repair_from_which_an_ingest_took_over_touches_no_further_file(
    step: tuple[ModuleType, str], damage: Callable[[Path], None], kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name = step
    real = getattr(module, name)

    def take_over(*given: Any, **facts: Any) -> Any:
        done = real(*given, **facts) if name != "mend_articles" else None
        left.append(contents(kept.home))
        with opened(kept) as archive, archive.write() as session:
            session.execute(text("UPDATE locks SET token = 'another'"))
        return real(*given, **facts) if name == "mend_articles" else done

    left: list[dict[str, bytes]] = []
    damage(kept.home)
    put("raw/notes.txt")(kept.home)
    if name == "compose":
        # it composes for looking, too
        found = verify(kept, quiet)
        monkeypatch.setattr(verifying, "_damages", lambda *_, **__: iter(found))
    monkeypatch.setattr(module, name, take_over)
    with pytest.raises(LeaseLost):
        repair(kept, quiet)
    assert [contents(kept.home)] == left


CHANGES = [
    pytest.param("UPDATE articles SET title = 'Other' WHERE number = 1", Damage.TEXT_CHANGED, id="text of an article"),
    pytest.param("UPDATE article_versions SET title = 'x' WHERE version = 1", Damage.TEXT_CHANGED, id="old version"),
    pytest.param("UPDATE issues SET html = '<p>'", Damage.ISSUE_CHANGED, id="page of an issue"),
    pytest.param("UPDATE issues SET context = '{}'", Damage.DATABASE_DAMAGED, id="no record of ours"),
]


@pytest.mark.parametrize(("statement", "word"), CHANGES)
def test_what_is_wrong_in_the_database_is_told_and_left(statement: str, word: Damage, kept: Settings) -> None:
    with opened(kept) as archive, archive.write() as session:
        session.execute(text(statement))
    assert word in {each.damage for each in verify(kept, quiet)}
    assert not word.mendable
    assert word in {each.damage for each in repair(kept, quiet).left}


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
@pytest.mark.parametrize(
    "page", [pytest.param(0, id="the first page"), pytest.param(20, id="pages behind the first ones")]
)
def test_a_damaged_sqlite_file_is_one_finding(page: int, kept: Settings) -> None:
    path = kept.home / "archive.db"
    data = path.read_bytes()
    path.write_bytes(data[: page * 4096] + b"\xff" * (len(data) - page * 4096))
    found = verify(kept, quiet)
    assert {each.damage for each in found} >= {Damage.DATABASE_DAMAGED}


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
def test_a_row_that_leads_nowhere_is_found(kept: Settings) -> None:
    with sqlite3.connect(kept.home / "archive.db") as connection:
        connection.execute("DELETE FROM issues")
    connection.close()
    assert {each.damage for each in verify(kept, quiet)} >= {Damage.DATABASE_DAMAGED}


def test_an_ingest_under_way_is_no_damage(kept: Settings) -> None:
    with ingest_under_way(kept):
        with opened(kept) as archive, archive.write() as session:
            add_article(session, article("without a file yet"), now=NOW)
        with_more(a_raw_file, exchange_bytes(answer())[:100])(kept.home)
        assert verify(kept, quiet) == []
        with pytest.raises(Busy):
            repair(kept, quiet)
    assert {each.damage for each in verify(kept, quiet)} == {Damage.ARTICLE_FILE_MISSING, Damage.RAW_CUT}


def test_another_sender_in_the_settings_is_no_damage(kept: Settings) -> None:
    assert verify(kept.model_copy(update={"mail_from": "Desk <desk@example.net>"}), quiet) == []


def test_commands_tell_words_and_end_as_scripts_want_it(meetings: Meetings) -> None:
    assert meetings("verify").code == 2, "there is no archive yet"
    fill(settings_for(meetings.home, None))
    assert (meetings("verify", "--json").code, meetings("verify", "--json").out) == (0, "")
    without(an_article)(meetings.home)
    told = meetings("verify")
    assert (told.code, told.out.count("\n")) == (1, 1)
    assert told.out.startswith("article_file_missing: articles/")
    assert told.err == "meetings: 1 found; 1 can be mended with: meetings repair\n"
    [line] = meetings("verify", "--json").out.splitlines()
    assert json.loads(line)["damage"] == "article_file_missing"
    mended = meetings("repair")
    assert (mended.code, mended.out.startswith("mended: article_file_missing: articles/")) == (0, True)
    assert meetings("repair").out == "There was nothing to mend.\n"
    with opened(settings_for(meetings.home, None)) as archive, archive.write() as session:
        session.execute(text("UPDATE issues SET html = '<p>'"))
    left = meetings("repair")
    assert left.code == 1
    assert "not mended: issue_changed" in left.out
    assert left.err == "meetings: what is left needs a backup: meetings restore\n"


RECORDS = [exchange_bytes(answer(f"https://news.example/{n}", b"x" * n)) for n in (1, 300, 70_000)]


@given(
    before=st.binary(max_size=40),
    chosen=st.lists(st.sampled_from(RECORDS), max_size=4),
    between=st.binary(max_size=40),
    cut=st.integers(0, 400),
)
def test_whole_records_are_found_wherever_they_stand(
    before: bytes, chosen: list[bytes], between: bytes, cut: int
) -> None:
    data = before + between.join(chosen) + RECORDS[1][:cut]
    found = list(spans(data))
    assert [span.start for span in found] == [0, *(span.end for span in found)][: len(found)]
    assert (found[-1].end if found else 0) == len(data)
    whole = b"".join(data[span.start : span.end] for span in found if span.whole)
    assert whole.startswith(b"".join(chosen))
    assert all(one.whole or other.whole for one, other in pairwise(found))


def test_what_a_writer_wrote_is_whole(tmp_path: Path) -> None:
    with RawWriter(tmp_path, "run", NOW) as raw:
        raw.write(answer(final_url="https://news.example/elsewhere"))
    [path] = (tmp_path / "raw").iterdir()
    assert [span.whole for span in spans(path.read_bytes())] == [True] * 4
    assert whole_length(path) == path.stat().st_size
    path.write_bytes(b"")
    assert whole_length(path) == 0


@pytest.mark.parametrize("database", ["", "sqlite:///{}/elsewhere.db"], ids=["home", "elsewhere"])
def test_verify_without_an_archive_makes_none(database: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no archive"):
        verify(settings_for(tmp_path / "home", database.format(tmp_path) or None), quiet)
    assert not list(tmp_path.iterdir())


def test_an_empty_database_is_no_archive(
    meetings: Meetings, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever mistypes its name must not have the right one's files cleared away."""
    settings = settings_for(meetings.home, None)
    fill(settings)
    before = contents(meetings.home)
    monkeypatch.setenv("MEETINGS_DATABASE_URL", postgresql.new_database())
    for command in ("status", "verify", "repair", "backup"):
        ran = meetings(command)
        assert (ran.code, ran.out) == (2, "")
        assert "is empty; look at MEETINGS_DATABASE_URL" in ran.err
    assert contents(meetings.home) == before
