"""An explanation as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.explanation import LEGEND, Explanation


def render_explanation(explanation: Explanation) -> str:
    """The page, every value escaped; light or dark as the reader's system is."""
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("explain.html.j2").render(x=explanation, legend=LEGEND)
