"""`meetings sources …`: the catalogue and its health. Thin, with imports inside the commands, as `flows.cli`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli_options import Json, SourcesFile, settings_of
from flows.console import put, put_hanging, put_json, table, warn
from parsers.records import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.trying import Step
    from parsers.records import Source

app = typer.Typer(no_args_is_help=True, help="List, check, try, import and export the sources.")


class Language(StrEnum):
    """The languages that are read."""

    EN = "en"
    VI = "vi"
    ZH = "zh"


SideOption = Annotated[Side, typer.Option(help="Whose account it gives, where nothing tells.")]
LanguageOption = Annotated[Language, typer.Option(help="Its language, where nothing tells.")]
ZoneOption = Annotated[
    str, typer.Option(metavar="ZONE", help="Its time zone, such as Asia/Ho_Chi_Minh, where nothing tells.")
]


class Form(StrEnum):
    """How `export` writes."""

    OPML = "opml"
    TOML = "toml"


@app.command("list")
def sources_list(
    context: typer.Context,
    sources: SourcesFile = None,
    dead: Annotated[bool, typer.Option("--dead", help="Show the addresses that are dead instead.")] = False,
    as_json: Json = False,
) -> None:
    """Show the catalogue."""
    from flows.steps import load_catalogue
    from parsers.source_tables import dead_table, source_table

    catalogue = load_catalogue(settings_of(context, sources))
    if as_json:
        put_json([*map(dead_table, catalogue.dead)] if dead else [*map(source_table, catalogue.sources)])
    elif dead:
        table("Dead addresses", ("address", "seen", "why"), [(a.url, a.seen_on, a.reason) for a in catalogue.dead])
    else:
        columns = ("source", "lang", "kind", "seen", "state")
        table("Sources", columns, _rows(catalogue.sources))
        put_hanging("", _summary(catalogue.sources))


def _rows(sources: Sequence[Source]) -> list[tuple[object, ...]]:
    """A line for each outlet, one for each of its sources, fall-backs indented below what they stand in for."""
    outlet_of = {source.id: source.outlet for source in sources}
    below: dict[str, list[Source]] = {}
    for source in sources:
        beside = outlet_of.get(source.fallback_for or "") == source.outlet
        below.setdefault(f"for {source.fallback_for}" if beside else source.outlet, []).append(source)
    rows: list[tuple[object, ...]] = []

    def add(source: Source, indent: str) -> None:
        elsewhere = source.fallback_for and outlet_of[source.fallback_for] != source.outlet
        named = f"{source.id}, for {source.fallback_for}" if elsewhere else source.id
        state = "off" if not source.enabled else "stands by" if source.fallback_for else "polled"
        rows.append((indent + named, source.language, source.kind, source.seen_on or "never", state))
        for fallback in below.get(f"for {source.id}", []):
            add(fallback, indent + "  ")

    for outlet, side in {source.outlet: source.side for source in sources}.items():
        rows.append((f"{outlet} ({side})", "", "", "", ""))
        for source in below[outlet]:
            add(source, "  ")
    return rows


def _summary(sources: Sequence[Source]) -> str:
    from reports.words import counted

    told = [counted(len(sources), "source"), f"of {counted(len({s.outlet for s in sources}), 'outlet')}"]
    standing = sum(s.enabled and s.fallback_for is None for s in sources)
    languages, kinds = sorted({s.language for s in sources}), sorted({s.kind for s in sources})
    return (
        f"{' '.join(told)}: {standing} polled, {len(sources) - standing} fall-backs or off; "
        f"languages {', '.join(languages)}; kinds {', '.join(kinds)}. `--json` shows every key, `--dead` the dead."
    )


@app.command("export")
def sources_export(
    context: typer.Context,
    sources: SourcesFile = None,
    form: Annotated[Form, typer.Option("--format", help="OPML for other readers, or TOML.")] = Form.OPML,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file instead of printing.")] = None,
) -> None:
    """Print the feeds as OPML 2.0, or the whole catalogue as TOML."""
    from archive.files import write_atomically
    from flows.exchanging import export_sources

    written = export_sources(settings_of(context, sources), form.value)
    if out is None:
        sys.stdout.write(written.decode())
    else:
        write_atomically(out, written)
        put(str(out))


@app.command("import")
def sources_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", hidden=True)],
    into: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append to this catalogue instead of printing.")
    ] = None,
    side: SideOption = Side.OTHER,
    language: LanguageOption = Language.EN,
    zone: ZoneOption = "UTC",
    sources: SourcesFile = None,
) -> None:
    """Make a source table of each feed in an OPML file.

    What the catalogue knows or calls dead is left out.
    """
    from flows.exchanging import import_sources
    from parsers.newcomers import Defaults
    from reports.words import counted

    defaults = Defaults(side, language.value, zone)
    adopted, text = import_sources(settings_of(context, sources), file, into=into, defaults=defaults)
    if into is None:
        sys.stdout.write(text)
        warn(f"{counted(len(adopted.sources), 'source')} to be added, {adopted.known} known already.")
    else:
        put(f"{counted(len(adopted.sources), 'source')} added to {into}, {adopted.known} known already.")
    for sentence in (*adopted.notes, *adopted.refused):
        warn(f"meetings: {sentence}")
    if adopted.refused:
        raise typer.Exit(2)


@app.command("try")
def sources_try(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", hidden=True)],
    side: SideOption = Side.OTHER,
    language: LanguageOption = Language.EN,
    zone: ZoneOption = "UTC",
    sources: SourcesFile = None,
    as_json: Json = False,
) -> None:
    """Show step by step what would be made of a new source.

    URL is the address of a feed, a sitemap or a page that lists articles. Nothing is stored. Exit code 1 when it would
    not work.
    """
    from flows.trying import try_source
    from parsers.newcomers import Defaults
    from parsers.source_tables import source_table, source_toml

    defaults = Defaults(side, language.value, zone)
    on_step = None if as_json else _show_step
    trial = try_source(settings_of(context, sources), url, defaults=defaults, on_step=on_step)
    if as_json:
        steps = [{"step": s.name, "verdict": s.verdict.value, "text": s.text} for s in trial.steps]
        made = source_table(trial.source) if trial.source else None
        put_json({"url": trial.url, "works": trial.works, "steps": steps, "source": made})
    elif trial.source and trial.works:
        put("\nIt would work. To be pasted into sources.toml, after a look at every line:\n")
        put(source_toml(trial.source))
    else:
        put("\nIt would not work as it stands.")
    if not trial.works:
        raise typer.Exit(1)


def _show_step(step: Step) -> None:
    put_hanging(f"{step.verdict:<5} {step.name:<10} ", step.text)


@app.command("check")
def sources_check(
    context: typer.Context,
    sources: SourcesFile = None,
    everything: Annotated[bool, typer.Option("--all", help="Show those that stand by or are off, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show how each source is, the worst first.

    Exit code 1 when an alarm stands or the last poll of one failed.

    Times are spans: `since` its state began, since its last good answer (`ok`), since it listed something `new`, the
    age of its `newest` item; in each `rhythm` something new is expected; it is asked again when it is `due`.
    """
    from flows.health import COLUMNS, health_json, row, source_health, why
    from flows.steps import now_utc
    from reports.health import sources_line

    settings = settings_of(context, sources)
    health, polls = source_health(settings)
    troubled = [item for item in health if item.health.troubled]
    if as_json:
        put_json([health_json(item, polls.get(item.source.id), settings) for item in health])
    else:
        now = now_utc()
        table("Sources", COLUMNS, [row(item, now=now) for item in health if everything or item.health.watched])
        for item in troubled:
            put_hanging(f"{item.source.id}: ", why(item))
        put(sources_line(health))
    if troubled:
        raise typer.Exit(1)
