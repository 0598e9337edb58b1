"""`docs/catalogue.md` shows the shipped catalogue as it is; `--update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from parsers.catalogue import Catalogue, parse_catalogue
from parsers.records import Source

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "catalogue.md"
INTRODUCTION = """# The catalogue

All sources and dead addresses of the `sources.toml` that ships, written from it by
`python -m pytest tests/test_catalogue_docs.py --update-golden`. What the columns mean: [sources.md](sources.md).
"""


def test_page_and_catalogue_agree(update_golden: bool) -> None:
    page = rendered(parse_catalogue((ROOT / "sources.toml").read_text("utf-8"), name="sources.toml"))
    if update_golden:
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text("utf-8") == page


def rendered(catalogue: Catalogue) -> str:
    """The page for a catalogue."""
    parts = [INTRODUCTION]
    for side, title in (("china", "China"), ("vietnam", "Viet Nam"), ("other", "Third parties and aggregators")):
        rows = [row(source) for source in catalogue.sources if source.side == side]
        parts += [f"\n## {title}\n\n", markdown(("id", "outlet", "lang", "kind", "state", "seen alive", "note"), rows)]
    graves = [(f"`{d.url}`", d.seen_on.isoformat() if d.seen_on else "", d.reason) for d in catalogue.dead]
    return "".join([*parts, "\n## Dead addresses\n\n", markdown(("address", "seen", "why"), graves)])


def row(source: Source) -> tuple[str, ...]:
    """One source as cells."""
    state = "" if source.enabled else "switched off"
    if source.fallback_for:
        state = f"for `{source.fallback_for}`"
    seen = f"{source.seen_on}, {source.seen_by}" if source.seen_on else "unverified"
    link = f"[`{source.id}`](<{source.url}>)"
    return link, source.outlet_name, source.language, source.kind.value, state, seen, source.note


def markdown(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    columns = tuple(columns)
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
