"""A notice becomes a letter: its kind's templates, filled in the customer's language."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
    select_autoescape,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from notifications.domain.lacking import lacking, one_line, says_nothing
from notifications.types import Facts, NoticeType, notice_type
from utility_crm.kit.errors import Invalid

_COMMON = Path(__file__).parent / "types" / "templates"
FALLBACK_LANGUAGE = "en"
SHORT = frozenset({"sms", "messenger", "push"})
"""Channels that carry a few words, which the kind's template `sms.txt` holds."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "email": ("subject.txt", "text.txt", "body.html"),
    "sms": ("sms.txt",),
}
"""The templates of a letter and of a few words."""
NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Written:
    """A notice in words: one line of subject, plain text, and the same as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the utility's name, and whether it is simulated (each letter then says so)."""

    utility: str
    simulated: bool = False


def parts_of(channel: str) -> tuple[str, ...]:
    """The templates that are filled for a channel."""
    return PARTS["sms" if channel in SHORT else "email"]


def write(
    notice: str,
    context: Mapping[str, Any],
    *,
    name: str,
    language: str,
    timezone: str,
    sender: Sender,
    channel: str = "email",
    texts: Mapping[str, str] = NO_TEXTS,
) -> Written:
    """The letter for a notice of kind `notice`, to the customer called `name`; by text message and the like
    a few words without subject and html. `texts`: templates that stand instead of the files, by part.

    A language without templates falls back to English. Raises `NotFound` for an unknown kind; `Invalid`
    `notice_lacks_value` where a value is absent, None, no number or empty, with the kind, the language, the
    template and the value; `notice_header` where a line of the head would be two; `notice_template` where
    the text given is no template; and what the kind's own function raises of a context it cannot read.
    """
    kind = notice_type(notice)
    spoken = spoken_of(kind, language)
    for value, what in ((name, "name"), (sender.utility, "utility")):
        if not one_line(value):
            raise Invalid("notice_header", f"{notice}, {spoken}: the {what} has a line break in it", what)
    given = _given(kind, context, spoken, timezone, channel) | {
        "name": name,
        "language": spoken,
        "utility": sender.utility,
        "simulated": sender.simulated,
    }
    _refuse_nothing(given, {"name", "utility"}, kind, spoken, channel)

    def filled(part: str, **more: str) -> str:
        return _filled(kind, f"{spoken}/{part}", given | more, texts.get(part))

    simulated = _filled(kind, f"simulated.{spoken}.txt", given, None) if sender.simulated else ""
    if channel in SHORT:
        short = filled("sms.txt")
        return Written("", f"{short}\n{simulated}" if simulated else short, "")
    subject = filled("subject.txt")
    if not one_line(subject):
        where = f"{spoken}/subject.txt"
        raise Invalid("notice_header", f"{notice}, {where}: the subject has a line break in it", where)
    text = filled("text.txt") + f"\n\n{sender.utility}"
    if simulated:
        text += "\n\n" + simulated
    return Written(subject, text + "\n", filled("body.html", subject=subject) + "\n")


def for_staff(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The context as staff may see it: a link that acts for the customer is the customer's alone to
    follow."""
    link = context.get("link")
    return {**context, "link": f"{link.rpartition('/')[0]}/..."} if isinstance(link, str) else context


def spoken_of(kind: NoticeType, language: str) -> str:
    """The language it is written in: the customer's, or English where nobody wrote it in theirs."""
    return language if language in kind.languages else FALLBACK_LANGUAGE


def _given(
    kind: NoticeType, context: Mapping[str, Any], spoken: str, timezone: str, channel: str
) -> dict[str, Any]:
    """What the templates are given of the context; nothing of it says nothing."""
    _refuse_nothing(context, kind.needs, kind, spoken, channel)
    words = dict(kind.words(Facts(context, spoken, timezone)))
    for value in words:
        if says_nothing(words[value]):
            raise _lacks(kind, spoken, channel, [value])
    return words


def _refuse_nothing(
    given: Mapping[str, Any], needs: Collection[str], kind: NoticeType, spoken: str, channel: str
) -> None:
    if missing := lacking(given, needs, kind.may_be_empty):
        raise _lacks(kind, spoken, channel, missing)


def _lacks(kind: NoticeType, spoken: str, channel: str, missing: Sequence[str]) -> Invalid:
    where = ", ".join(f"{spoken}/{part}" for part in parts_of(channel))
    message = f"a {kind.name} notice ({where}) cannot be written without {', '.join(missing)}"
    return Invalid("notice_lacks_value", message, f"{kind.name}/{where}")


def _filled(kind: NoticeType, template: str, given: Mapping[str, Any], own: str | None) -> str:
    """One template filled. Raises `Invalid` with its place; of a text of one's own (`own`), whatever is wrong
    with it."""
    where = f"{kind.name}/{template}"
    try:
        found = _templates(kind).get_template(template) if own is None else _from_text(kind, template, own)
        return found.render(given).strip()
    except UndefinedError as error:
        message = f"a {kind.name} notice ({template}{_line(error)}) cannot be written: {error.message}"
        raise Invalid("notice_lacks_value", message, where) from error
    except TemplateError as error:
        raise Invalid("notice_template", f"{where}{_line(error)}: {error.message}", where) from error
    except Exception as error:
        if own is None:
            raise
        # A person's words may fail in any way that Python knows: a sum of a word and a number, for one.
        raise Invalid("notice_template", f"{where}{_line(error)}: {error}", where) from error


def _line(error: Exception) -> str:
    """Where in the template it happened, as far as Jinja says."""
    line = getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__) if line is None else ():
        if frame.filename == "<template>" or frame.filename.endswith((".txt", ".html")):
            line = frame.lineno
    return f", line {line}" if line else ""


@lru_cache(maxsize=256)
def _from_text(kind: NoticeType, template: str, text: str) -> Template:
    environment = _sandbox(kind, template.endswith(".html"))
    modifiers = (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier)
    for unsafe in environment.parse(text).find_all(modifiers):
        raise TemplateSyntaxError("what is escaped is not for a notice to say", unsafe.lineno)
    return environment.from_string(text)


class _Sandbox(SandboxedEnvironment):
    """For words that people wrote on a page: no way to Python's insides, and no sum that fills the memory."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, *given: Any) -> Any:
        raise SecurityError(f"a notice cannot reckon with {given[1]}")


def _printed(value: Any) -> Any:
    """What is printed of a value; the last guard against "None" and "nan"."""
    if says_nothing(value):
        raise UndefinedError(f"a value is {value}")
    return value


def _custom(kind: NoticeType) -> dict[str, Any]:
    return {
        "loader": FileSystemLoader([kind.templates, _COMMON]),
        "undefined": StrictUndefined,
        "finalize": _printed,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "auto_reload": False,
    }


@cache
def _templates(kind: NoticeType) -> Environment:
    return Environment(autoescape=select_autoescape(["html"], default=False), **_custom(kind))


@cache
def _sandbox(kind: NoticeType, html: bool) -> Environment:
    made = _Sandbox(autoescape=html, **_custom(kind))
    del made.filters["safe"]  # a name is escaped, whatever the words around it are
    return made
