"""Whose accounts tell of a meeting: one rule for an issue's lead and figures and for the web archive."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from parsers.records import Side
from reports.records import AccountView


class Teller(StrEnum):
    """Who told of a meeting: both sides, one of them alone, third parties alone; or somebody of a side not known."""

    BOTH = "both"
    CHINA = "china"
    VIETNAM = "vietnam"
    OTHER = "other"
    UNKNOWN = "unknown"


def teller(accounts: Sequence[AccountView]) -> Teller:
    """Who told of the meeting with these accounts.

    Who only announced a meeting that was held gave no account of it. One that an article of no known outlet tells too
    counts as nobody's alone: it may be the other side's.
    """
    given = [account for account in accounts if not account.missing]
    sides = {account.side for account in given if not account.only_before} or {account.side for account in given}
    if {Side.CHINA, Side.VIETNAM} <= sides:
        return Teller.BOTH
    alone = (Teller.UNKNOWN, Teller.CHINA, Teller.VIETNAM)
    return next((each for each in alone if each in sides), Teller.OTHER)
