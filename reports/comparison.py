"""Both accounts of one meeting side by side: what both tell, what one alone, and differing words for one thing."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from archive.records import StoredMeeting
from reports.accounts import Outlets
from reports.records import ComparisonView


def compare(stored: StoredMeeting, *, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> ComparisonView:
    """The accounts of both sides in rows; without rows where neither side gave one.

    `as_of` dates the sentence that a side gave no account, if given.
    """
    del stored, outlets, zone, as_of
    return ComparisonView("", (), "")
