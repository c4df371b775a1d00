"""Templates compiled for one language: words of ours are put in as they are compiled, text is escaped with no
object made for it.

A page has some two hundred messages without values, a thousand places where text is put in and five hundred
calls. What a message says is known when the template is compiled; what is put in needs to be a string, not
`Markup`; what is called needs no context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

try:
    from markupsafe._speedups import _escape_inner as escaped
except ImportError:  # on an interpreter that it is not compiled for

    def escaped(s: str, /) -> str:
        """The same through `escape`."""
        return str(escape(s))


Words = Callable[[str], str]
"""A message to its words in HTML."""


def put_in(value: object) -> str:
    """What a template shows of a value, as `markupsafe.escape` has it."""
    if type(value) is str:
        return escaped(value)
    if type(value) is int or type(value) is float:
        return str(value)
    return value if type(value) is Markup else escape(value)


class OfOneLanguage(CodeGenerator):
    """Generates templates of an environment with `put_in`, `words_in(template)` and `quotes`: how the
    language writes the quotation marks of the templates' own text."""

    def _words(self, node: nodes.Node) -> str | None:
        """What `_("message")` says; None for anything else."""
        if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name):
            return None
        if node.node.name != "_" or len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return None
        message = node.args[0]
        if not isinstance(message, nodes.Const):
            return None
        words: Words = self.environment.words_in(self.name or "")  # type: ignore[attr-defined]
        return words(message.value)

    def visit_Call(  # noqa: N802 - its name
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        """Words where a message is named, a call otherwise: straight to what is called, for nothing here asks
        for the context that `Context.call` would hand in, and macros know of escaping themselves."""
        words = self._words(node)
        if words is not None:
            self.write(repr(Markup(words)))  # noqa: S704 - words of ours
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self._given(argument, frame)
        if node.dyn_args is not None:
            self._given(node.dyn_args, frame, "*")
        for named in node.kwargs:
            self._given(named.value, frame, f"{named.key}=")
        if forward_caller:
            self.write("caller=caller, ")
        if node.dyn_kwargs is not None:
            self._given(node.dyn_kwargs, frame, "**")
        self.write(")")

    def _given(self, value: nodes.Expr, frame: Frame, before: str = "") -> None:
        self.write(before)
        self.visit(value, frame)
        self.write(", ")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            quotes: Mapping[int, str] = self.environment.quotes  # type: ignore[attr-defined]
            return super()._output_child_to_const(node, frame, finalize).translate(quotes)
        words = self._words(node)
        return words if words is not None else super()._output_child_to_const(node, frame, finalize)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.put_in(")
        else:
            super()._output_child_pre(node, frame, finalize)
