"""Jinja2 with less work for each value: the archive's pages hold millions of them, and need but a part of what it can.

All pages escape, none has a macro or function that wants its caller's context, and values are plain records.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup, escape

# the same names, titles and addresses stand on a page again and again
_known = lru_cache(maxsize=4096)(escape)


def escaped(value: object) -> str:
    """What stands for a value on a page."""
    if isinstance(value, Markup):
        return value
    # text alone: what equals it, as its own escaped form may, need not look like it
    return _known(value) if type(value) is str else escape(value)


class _Generator(CodeGenerator):
    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002 - Jinja2's own
        self.write("environment.escaped(")


class _Context(Context):
    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """A macro or a function, without a search for what it may want of the context."""
        kwargs.pop("_loop_vars", None)
        kwargs.pop("_block_vars", None)
        return function(*args, **kwargs)


class Templates(Environment):
    """An environment for templates that escape everything; what a record lacks is an AttributeError."""

    code_generator_class = _Generator
    context_class = _Context
    escaped = staticmethod(escaped)
    getattr = staticmethod(getattr)  # type: ignore[assignment]  # mypy takes it for a method
