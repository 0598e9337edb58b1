"""What a source's answer lists, in itself or in the documents that it leads to: for a poll and a trial alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from parsers.entries import parse_entries
from parsers.records import Answer, Entry, Listing, Outcome, Source


def listing_of(answer: Answer, source: Source, get: Callable[[str], Answer]) -> tuple[Answer, Listing]:
    """What a source's good answer lists, and the answer as it is to be judged; `get` fetches what an index leads to."""
    listing = _parsed(answer, source)
    return _followed(source, answer, listing, get) if listing.follow else (answer, listing)


def _followed(source: Source, answer: Answer, index: Listing, get: Callable[[str], Answer]) -> tuple[Answer, Listing]:
    """The entries behind an index, as one listing; the first document that cannot be read tells how it went.

    An older one that was taken away tells nothing: an index may name what is long gone.
    """
    entries: dict[str, Entry] = {}
    troubles = []
    for url in index.follow:
        child = get(url)
        if entries and child.outcome in (Outcome.NOT_FOUND, Outcome.GONE):
            continue
        listing = _parsed(child, source) if child.outcome is Outcome.OK else None
        if listing is None:
            told = replace(answer, outcome=child.outcome, message=child.message, status=child.status)
            troubles.append(replace(told, retry_after=child.retry_after))
        elif listing.outcome not in (Outcome.OK, Outcome.NO_ENTRIES):
            troubles.append(replace(answer, outcome=listing.outcome, message=listing.message))
        for entry in listing.entries if listing else ():
            entries.setdefault(entry.url, entry)
    if not entries and not troubles:
        empty = f"{answer.url} leads to no document that lists an article."
        return answer, replace(index, outcome=Outcome.NO_ENTRIES, message=empty)
    return troubles[0] if troubles else answer, replace(index, entries=tuple(entries.values()))


def _parsed(answer: Answer, source: Source) -> Listing:
    content_type = answer.header("content-type")
    return parse_entries(answer.body, source=source, url=answer.read_from, content_type=content_type)
