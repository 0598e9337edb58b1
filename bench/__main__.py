"""Run one benchmark: `python -m bench NAME`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("start", "poll", "detect")


def main() -> int:
    """Run the benchmark that is named; its result is the last line."""
    if len(sys.argv) != 2 or sys.argv[1] not in NAMES:
        print(f"usage: python -m bench {{{'|'.join(NAMES)}}}", file=sys.stderr)
        return 2
    name = sys.argv[1]
    figures: dict[str, object] = importlib.import_module(f"bench.{name}").main()
    print(
        name,
        *(f"{key}={value:.3f}" if isinstance(value, float) else f"{key}={value}" for key, value in figures.items()),
    )
    return 0


sys.exit(main())
