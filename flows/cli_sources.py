"""`meetings sources …`: the catalogue and its health. Thin, with imports inside the commands, as `flows.cli`."""

from __future__ import annotations

import typer

from flows.cli_options import Json, SourcesFile, settings_of
from flows.console import put_json, table

app = typer.Typer(no_args_is_help=True, help="The catalogue of sources and its health.")


@app.command("list")
def sources_list(context: typer.Context, sources: SourcesFile = None, as_json: Json = False) -> None:
    """Show the catalogue."""
    from flows.steps import load_catalogue
    from parsers.source_tables import source_table

    catalogue = load_catalogue(settings_of(context, sources)).sources
    if as_json:
        put_json([source_table(source) for source in catalogue])
        return
    columns = ("id", "outlet", "side", "language", "kind", "URL")
    table("Sources", columns, [(s.id, s.outlet_name, s.side, s.language, s.kind, s.url) for s in catalogue])


@app.command("check")
def sources_check(context: typer.Context, sources: SourcesFile = None, as_json: Json = False) -> None:
    """Show each source's health: its state, since when, and its last success. Exit code 1 when one is failing."""
    from flows.overview import source_health

    health = source_health(settings_of(context, sources))
    if as_json:
        put_json(health)
    else:
        columns = ("source", "outcome", "since", "last success", "why")
        rows = [
            (r["source"], r["outcome"], _minute(r["since"]), _minute(r["last_success"]), r["message"]) for r in health
        ]
        table("Sources' health", columns, rows)
    if any(row["failing"] for row in health):
        raise typer.Exit(1)


def _minute(moment: str | None) -> str:
    """`2026-11-22 05:49` of an ISO moment, which is already in the digest's zone."""
    return moment[:16].replace("T", " ") if moment else ""
