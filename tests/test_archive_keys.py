"""A longer table of addresses: nothing that is known under an older form of its URL is fetched or stored again."""

from __future__ import annotations

import pytest

from archive import keys
from archive.articles import add_article, count_articles, known_keys
from archive.keys import refresh_keys
from archive.records import PendingEntry
from archive.sources import give_up, known_entries, pending, save_pending
from archive.store import Archive
from archive.versions import PAUSE, changed_listings, note_listing
from parsers.records import Entry, Outcome, article_key
from parsers.urls import canonical_url, table_digest
from tests.archive_samples import NOW, article, everything, get_article
from tests.test_archive_versions import WIRE

OLD = "https://m.tuoitre.vn/a-1.htm"
NEW = "https://tuoitre.vn/a-1.htm"
"""The canonical form before and since the table knows the host m.tuoitre.vn."""


def add(archive: Archive, url: str) -> tuple[int, bool]:
    with archive.write() as s:
        stored, new = add_article(s, article(key=article_key(url), url=url), now=NOW)
    return stored.number, new


def wait(archive: Archive, url: str, *, given_up: bool = False) -> None:
    with archive.write() as s:
        save_pending(s, PendingEntry(url, "wire", "T", "", None, 0, NOW, Outcome.NEVER_POLLED))
        if given_up:
            give_up(s, url, Outcome.NO_TEXT)


def known(archive: Archive, url: str) -> bool:
    with archive.read() as s:
        return bool(known_entries(s, [article_key(url)], polled=["wire"]))


def test_the_example_is_one() -> None:
    assert canonical_url(OLD) == NEW


def test_article_is_known_under_both_and_stored_once(archive: Archive) -> None:
    add(archive, OLD)
    assert not known(archive, NEW)
    assert refresh_keys(archive) == 1
    assert known(archive, NEW)
    assert known(archive, OLD)
    assert add(archive, NEW) == (1, False)
    with archive.read() as s:
        stored = get_article(s, 1)
        assert count_articles(s) == 1
        assert known_keys(s, [article_key(NEW)]) == {article_key(NEW)}
    assert stored is not None
    assert (stored.article.key, stored.article.url) == (article_key(OLD), OLD), "its file and its links stay"


def test_twice_changes_nothing_more(archive: Archive) -> None:
    add(archive, OLD)
    wait(archive, "https://m.tuoitre.vn/b-2.htm")
    refresh_keys(archive)
    before = everything(archive)
    assert refresh_keys(archive) == 0
    assert everything(archive) == before


def test_another_table_is_gone_through_once_more(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    add(archive, OLD)
    monkeypatch.setattr(keys, "canonical_url", lambda url: url)
    monkeypatch.setattr(keys, "table_digest", lambda: "an older table")
    assert refresh_keys(archive) == 0
    assert not known(archive, NEW)
    monkeypatch.undo()
    assert refresh_keys(archive) == 1
    assert known(archive, NEW)
    assert len(table_digest()) == 64


def test_two_articles_that_prove_to_be_one_page_stay_two(archive: Archive) -> None:
    add(archive, OLD)
    add(archive, NEW)
    assert refresh_keys(archive) == 0
    assert add(archive, NEW) == (2, False)


def test_two_older_forms_of_one_page_lead_to_the_first(archive: Archive) -> None:
    add(archive, OLD)
    add(archive, "http://amp.tuoitre.vn/a-1.htm")
    assert refresh_keys(archive) == 1
    assert add(archive, NEW) == (1, False)


@pytest.mark.parametrize("given_up", [False, True])
def test_waiting_entry_is_known_under_the_new_form_only(archive: Archive, given_up: bool) -> None:
    wait(archive, OLD, given_up=given_up)
    refresh_keys(archive)
    assert known(archive, NEW)
    with archive.read() as s:
        assert [entry.url for entry in pending(s, "wire", now=NOW)] == ([] if given_up else [NEW])


@pytest.mark.parametrize("other", ["article", "entry"])
def test_waiting_entry_whose_page_is_known_otherwise_waits_no_more(archive: Archive, other: str) -> None:
    wait(archive, OLD)
    if other == "article":
        add(archive, NEW)
    else:
        wait(archive, NEW)
    refresh_keys(archive)
    with archive.read() as s:
        assert len(pending(s, "wire", now=NOW)) == (other == "entry")


def test_listing_goes_on_under_the_new_form(archive: Archive) -> None:
    with archive.write() as s:
        stored, _ = add_article(s, article(key=article_key(OLD), url=OLD), now=NOW)
        waiting = PendingEntry(OLD, WIRE.id, "They meet", "", None, 0, NOW, Outcome.NEVER_POLLED)
        note_listing(s, waiting, stored.number, now=NOW)
    refresh_keys(archive)
    with archive.read() as s:
        same, other = Entry(NEW, "They meet"), Entry(NEW, "They met")
        assert changed_listings(s, [same], source=WIRE, now=NOW + PAUSE) == []
        assert changed_listings(s, [other], source=WIRE, now=NOW + PAUSE) == [other]
