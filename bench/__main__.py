"""Run one benchmark: `python -m bench NAME`, with the folder that it reads where it reads one."""

from __future__ import annotations

import importlib
import signal
import sys

from parsers.records import MeetingsError

# name of the benchmark: what it is given, in brackets what it may be given
NAMES = {
    "start": (),
    "poll": (),
    "screening": (),
    "detect": (),
    "outlets": (),
    "feedsuite": ("DIR",),
    "digest": (),
    "vectors": ("FILE",),
    "kill": ("[DATABASE]",),
    "twice": (),
    "scale": ("[ARTICLES]",),
    "backfill": ("[PAGES]",),
}


def main() -> int:
    """Run the benchmark that is named; its result is the last line."""
    name, *arguments = sys.argv[1:] or [""]
    given = NAMES.get(name)
    if given is None or not sum(not each.startswith("[") for each in given) <= len(arguments) <= len(given):
        forms = "|".join(" ".join((each, *words)) for each, words in NAMES.items())
        print(f"usage: python -m bench {{{forms}}}", file=sys.stderr)
        return 2
    # what is cut off by `timeout` or a CI leaves no server behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        figures: dict[str, object] = importlib.import_module(f"bench.{name}").main(*arguments)
    except MeetingsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(
        name,
        *(f"{key}={value:.3f}" if isinstance(value, float) else f"{key}={value}" for key, value in figures.items()),
    )
    return 0


if __name__ == "__main__":  # a child process imports this module too
    sys.exit(main())
