"""What somebody wrote, apart from what they quote and how they sign. Pure, linear in the text.

Nothing is thrown away: the three parts together hold every line. Where lines are answered one by one, between
the quoted ones, nothing is folded: the quotation is part of what is said then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SEPARATOR: Final = "-- "
"""The line before a signature (RFC 3676, 4.3); many programs send it without its blank."""
_LONGEST_HEAD: Final = 400

# A line that introduces what is quoted: "On Friday, 20 November 2026, Ann wrote:". It may be broken in two.
_WROTE: Final = re.compile(
    r"(?:^on\b.{4,}\bwrote:|.{4,}\b(?:пишет|пишут|писал\(а\)|написал\(а\)|написала?):"
    r"|^am\b.{4,}\bschrieb\b.{0,120}:|^le\b.{4,}\ba écrit\s?:)$",
    re.IGNORECASE,
)
_ORIGINAL: Final = re.compile(
    r"^[-_]{3,}\s*(?:original message|forwarded message|исходное сообщение|пересылаемое сообщение"
    r"|пересланное сообщение|ursprüngliche nachricht)\s*[-_]{3,}$",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"^\*?(?:from|от|von|de)\s?:\*?\s?\S", re.IGNORECASE)
_SENT: Final = re.compile(
    r"^\*?(?:sent|date|to|subject|отправлено|дата|кому|тема|gesendet|envoyé)\s?:\*?\s?\S", re.IGNORECASE
)
_RULE: Final = re.compile(r"^[_\-]{20,}$")
_SENT_FROM: Final = re.compile(
    r"^(?:sent from my |get outlook for |отправлено с |отправлено из |gesendet von )", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Folded:
    """The parts of a message; `said` is never empty where the message is not."""

    said: str
    signature: str = ""
    quoted: str = ""


def fold(text: str) -> Folded:
    """What is said, the signature below it, and what is quoted."""
    lines = text.split("\n")
    begins = _quotation_begins(lines)
    upper, quoted = lines[:begins], lines[begins:]
    signs = _signature_begins(upper)
    said, signature = _joined(upper[:signs]), _joined(upper[signs:])
    if not said:  # a forwarded message, or a bare quotation: that is what they have to say
        return Folded(text.strip())
    return Folded(said, signature, _joined(quoted))


def _quotation_begins(lines: list[str]) -> int:
    """The line from which on everything is quoted; the number of lines where nothing is."""
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or len(bare) > _LONGEST_HEAD:
            continue
        if bare.startswith(">"):
            return number if _only_quoted(lines, number) else len(lines)
        broken = f"{bare} {lines[number + 1].strip()}" if number + 1 < len(lines) else bare
        if _WROTE.search(bare) or (len(broken) <= _LONGEST_HEAD and _WROTE.search(broken)):
            after = number + 1 if _WROTE.search(bare) else number + 2
            answered = any(one.lstrip().startswith(">") for one in lines[after:])
            return number if not answered or _only_quoted(lines, after) else len(lines)
        if _ORIGINAL.match(bare) or _is_head(lines, number):
            return number
    return len(lines)


def _only_quoted(lines: list[str], begin: int) -> bool:
    """Whether nothing but quoted lines, blank ones and a signature follows."""
    for line in lines[begin:]:
        bare = line.strip()
        if bare == _SEPARATOR.strip() or _SENT_FROM.match(bare):
            return True
        if bare and not bare.startswith(">"):
            return False
    return True


def _is_head(lines: list[str], number: int) -> bool:
    """The head of a quoted letter, as Outlook writes it: "From:" and below it "Sent:"; a rule may stand
    above."""
    bare = lines[number].strip()
    if _RULE.match(bare):
        following = [line.strip() for line in lines[number + 1 : number + 4] if line.strip()]
        return bool(following) and _FROM.match(following[0]) is not None
    if not _FROM.match(bare):
        return False
    return any(_SENT.match(line.strip()) for line in lines[number + 1 : number + 3])


def _signature_begins(lines: list[str]) -> int:
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare == _SEPARATOR.strip() or _SENT_FROM.match(bare):
            return number
    return len(lines)


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()
