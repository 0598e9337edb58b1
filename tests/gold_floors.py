"""Sets the floors of the quality gate anew: `python -m tests.gold_floors [--lower]`.

Raises every floor to what the detector reaches now, less a margin; a floor is lowered only with `--lower`, and then the
commit says why. The set's digest is set with it.
"""

from __future__ import annotations

import math
import re
import sys
import tomllib
from pathlib import Path

from meetings.detect import detect
from parsers.seedfile import seed_article
from tests.gold_score import GOLD, digest, labels, score

FILE = Path(__file__).parent / "gold" / "floors.toml"
MARGIN = 0.01  # one article of the smallest set more or less is no news


def reached(prefixes: list[str], folder: Path = GOLD) -> tuple[dict[str, float], str]:
    """The figures of today's detector on a set, and the set's digest."""
    gold = labels(prefixes)
    found = {n: detect(seed_article((folder / f"{n}.txt").read_bytes(), name=f"{n}.txt")) for n in gold}
    return score(gold, found), digest(list(gold))


def moved(floors: dict[str, float], figures: dict[str, float], *, lower: bool) -> dict[str, float]:
    """The floors after a run: never below what they were, unless `lower`."""
    aims = {name: math.floor((figures[name] - MARGIN) * 1000) / 1000 for name in floors}
    return {name: aim if lower else max(aim, floors[name]) for name, aim in aims.items()}


def rewritten(text: str, section: str, values: dict[str, object]) -> str:
    """The TOML text with the values of one section set, everything else as it stands."""
    head, _, rest = text.partition(f"[{section}]\n")
    body, bracket, tail = rest.partition("\n[")
    for name, value in values.items():
        shown = f'"{value}"' if isinstance(value, str) else f"{value:g}"
        body = re.sub(rf"^{name} = .*$", f"{name} = {shown}", body, flags=re.MULTILINE)
    return f"{head}[{section}]\n{body}{bracket}{tail}"


def main(lower: bool) -> None:
    """Rewrite the file, and say what moved."""
    text = FILE.read_text(encoding="utf-8")
    for name, table in tomllib.loads(text).items():
        if "prefixes" not in table:
            continue
        figures, pinned = reached(table["prefixes"])
        floors = moved(table["floors"], figures, lower=lower)
        changes = {key: (table["floors"][key], value) for key, value in floors.items() if value != table["floors"][key]}
        sys.stdout.write(f"{name}: {', '.join(f'{k} {old} -> {new}' for k, (old, new) in changes.items()) or 'kept'}\n")
        text = rewritten(rewritten(text, name, {"digest": pinned}), f"{name}.floors", dict(floors))
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main("--lower" in sys.argv[1:])
