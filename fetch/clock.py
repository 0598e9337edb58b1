"""Whether our clock is plainly wrong, by those of the servers that answered. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Collection
from datetime import timedelta

WITNESSES = 3
"""So many hosts are needed for a verdict: one of them may be wrong itself."""
TOLERANCE = timedelta(hours=1)
"""Less than this is no matter to a week, and caches hand out old answers."""


def wrong_by(ahead: Collection[timedelta]) -> timedelta | None:
    """By how much our clock is ahead (negative: behind); zero when it is well, None when too few hosts told.

    `ahead`: by how much it is ahead of each host's. The median, so that no minority of them decides.
    """
    if len(ahead) < WITNESSES:
        return None
    middle = timedelta(seconds=round(statistics.median(each.total_seconds() for each in ahead)))
    return middle if abs(middle) > TOLERANCE else timedelta(0)
