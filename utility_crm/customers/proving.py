"""Whether it is they who call: which questions are asked, and whether what is said is right. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

from utility_crm.kit.parts import Proof

ASKED, ENOUGH = 3, 2
"""How many questions are put, and how many right answers it takes."""
TRIES, TRIES_IN = 3, timedelta(minutes=30)
"""So many wrong attempts at one customer within this time, then nobody is asked any more."""
LASTS = timedelta(minutes=30)
"""A call: what was verified holds no longer."""
PHONE_DIGITS = 9
"""The last digits of a telephone that are compared: with or without its country's code."""
_NUMBER = re.compile(r"\d[\d\s.,'\u00a0\u202f]*")


def questions(known: Iterable[Proof], seed: str) -> tuple[Proof, ...]:
    """Those that are put now: the same for one `seed`, others for another."""
    able = {one.key: one for one in known if any(one.answers)}
    drawn = sorted(able.values(), key=lambda one: sha256(f"{seed}:{one.key}".encode()).digest())
    return tuple(drawn[:ASKED])


def unseen(proof: Proof, seen: Iterable[str]) -> Proof:
    """The proof without the answers that stand on the screen of whoever asks."""
    read = _READ[proof.kind]
    on_screen = {read(one) for one in seen}
    return replace(proof, answers=tuple(one for one in proof.answers if read(one) not in on_screen))


def is_right(proof: Proof, said: str) -> bool:
    """Whether what the caller said is one of the answers."""
    read = _READ[proof.kind]
    typed = read(said)
    return bool(typed) and any(
        typed == (answer if proof.kind == "money" else read(answer)) for answer in proof.answers
    )


def are_proved(asked: Sequence[Proof], said: Mapping[str, str]) -> bool:
    """Enough was answered, and nothing of it wrong. said: by the question's key; empty is not answered."""
    answered = [one for one in asked if said.get(one.key, "").strip()]
    return len(answered) >= ENOUGH and all(is_right(one, said[one.key]) for one in answered)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _phone(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdigit())
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS - 2 else ""


def _minor(text: str) -> str:
    """£1,031.52, 1031,52 and 1 031.52 are 103152; whole amounts have their cents."""
    found = _NUMBER.search(text)
    if found is None:
        return ""
    written = found[0].strip().rstrip(".,")
    parts = re.split(r"[.,]", written)
    decimals = parts[-1] if len(parts) > 1 and len(parts[-1]) <= 2 else ""
    whole = "".join(parts[:-1]) if decimals else "".join(parts)
    return str(int("".join(filter(str.isdigit, whole)) + decimals.ljust(2, "0")))


_READ: Final[Mapping[str, Callable[[str], str]]] = {"text": _plain, "money": _minor, "phone": _phone}
