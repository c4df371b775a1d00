"""A notice becomes a letter: its kind's templates, filled in the customer's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifications.types import Facts, NoticeType, notice_type

_COMMON = Path(__file__).parent / "types" / "templates"
FALLBACK_LANGUAGE = "en"
SHORT = frozenset({"sms", "messenger", "push"})
"""Channels that carry a few words, which the kind's template `sms.txt` holds."""


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


def write(
    notice: str,
    context: Mapping[str, Any],
    *,
    name: str,
    language: str,
    timezone: str,
    sender: Sender,
    channel: str = "email",
) -> Written:
    """The letter for a notice of kind `notice`, to the customer called `name`; by text message and the like
    a few words without subject and html.

    A language without templates falls back to English. Raises `NotFound` for an unknown kind, and what the
    kind's own function raises when the context is not what it needs.
    """
    kind = notice_type(notice)
    spoken = language if (kind.templates / language).is_dir() else FALLBACK_LANGUAGE
    given = dict(kind.words(Facts(context, spoken, timezone)))
    given |= {"name": name, "language": spoken, "utility": sender.utility, "simulated": sender.simulated}
    templates = _templates(kind)

    def filled(template: str, **more: str) -> str:
        return templates.get_template(template).render(given | more).strip()

    if channel in SHORT:
        short = filled(f"{spoken}/sms.txt")
        return Written("", f"{short}\n{filled(f'simulated.{spoken}.txt')}" if sender.simulated else short, "")
    subject = " ".join(filled(f"{spoken}/subject.txt").splitlines())
    text = filled(f"{spoken}/text.txt") + f"\n\n{sender.utility}"
    if sender.simulated:
        text += "\n\n" + filled(f"simulated.{spoken}.txt")
    return Written(subject, text + "\n", filled(f"{spoken}/body.html", subject=subject) + "\n")


@cache
def _templates(kind: NoticeType) -> Environment:
    return Environment(
        loader=FileSystemLoader([kind.templates, _COMMON]),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
