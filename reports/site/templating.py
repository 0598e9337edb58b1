"""Jinja2 with less work for each value: the archive's pages hold millions of them, and need but a part of what it can.

All pages escape, none has a macro or function that wants its caller's context or is given arguments by name, and values
are plain records: what one lacks is an AttributeError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.utils import missing
from markupsafe import Markup, escape


def escaped(value: object) -> str:
    """What stands for a value on a page, as `markupsafe.escape` has it."""
    if type(value) is str:
        return _without_signs(value)
    return value if isinstance(value, Markup) else escape(value)


# the same names, titles and addresses stand on a page again and again
@lru_cache(maxsize=4096)
def _without_signs(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace('"', "&#34;")
    )


def macro(body: Callable[..., str], wanted: int) -> Callable[..., Markup]:
    """The macro with this body, to which arguments that are not given are told as missing."""

    def call(*given: object) -> Markup:
        return Markup(body(*given, *(missing,) * (wanted - len(given))))  # noqa: S704 - its values are escaped

    return call


class _Generator(CodeGenerator):
    """Writes plain Python where Jinja2 would look at run time for what a template might have meant."""

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("escaped = environment.escaped")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002 - Jinja2's own
        self.write("escaped(")

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:  # noqa: ARG002
        self.write(f"environment.macro(macro, {len(macro_ref.node.args)})")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802, ARG002
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            self.fail("Arguments are given one by one, and not by name.", node.lineno)
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


class Templates(Environment):
    """An environment for templates that escape everything."""

    code_generator_class = _Generator
    escaped = staticmethod(escaped)
    macro = staticmethod(macro)
