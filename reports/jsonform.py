"""An issue's context as JSON values and back: how a closed issue is kept, whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from reports.records import IssueContext


def context_to_dict(ctx: IssueContext) -> dict[str, Any]:
    """The context as JSON values."""
    values: dict[str, Any] = _adapter().dump_python(ctx, mode="json")
    return values


def context_from_dict(values: Mapping[str, Any]) -> IssueContext:
    """The context that `context_to_dict` gave; parts that came into the record later take their defaults.

    Raises `ValueError` for anything else.
    """
    return _adapter().validate_python(values)


@cache
def _adapter() -> TypeAdapter[IssueContext]:
    return TypeAdapter(IssueContext)
