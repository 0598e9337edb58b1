"""The steps of one detection, for `meetings explain`: the rules note them where they decide, when somebody listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Subject = Literal["article", "person", "encounter", "meeting", "date", "place"]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on text[start:end]: `rule` is the function that made it, `reason` one clause for a person.

    `date` and `place` have one step for every meeting, in the meetings' order; the span is empty where nothing is told.
    """

    subject: Subject
    rule: str
    start: int
    end: int
    kept: bool
    reason: str


Trace = list[Step]
