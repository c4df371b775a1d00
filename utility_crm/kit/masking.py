"""Who somebody is and how they pay, as values that know what they are: shown, or in a short form.

`KINDS` is the one table of what a person may see of a customer whose caller nobody has verified. A value that
is asked of callers as a proof has a short form that tells two of theirs apart and answers nothing.

    {{ point.value|personal(point.kind, customer_id) }}      in a template
    str(Personal(value, "phone", customer_id))               in Python

Both ask the reader of the request that is being answered (`reading`); where there is none, it is the short
form that is given. Jobs, letters and files are made of the values themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import Final

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

HIDDEN: Final = "•••"
_MOST_TAIL: Final = 3


def _nothing(_value: str) -> str:
    return HIDDEN


def short_phone(value: str) -> str:
    """07700 900418 -> 07•• ••• 418: enough to tell two of theirs apart."""
    digits = [letter for letter in value if letter.isdigit()]
    if len(digits) < 8:
        return HIDDEN
    plus = "+" if value.strip().startswith("+") else ""
    return f"{plus}{''.join(digits[:2])}•• {HIDDEN} {''.join(digits[-_MOST_TAIL:])}"


def short_email(value: str) -> str:
    """m.ashdown@mail.example -> m•••@•••"""
    return f"{value.strip()[:1]}{HIDDEN}@{HIDDEN}" if "@" in value else HIDDEN


def short_code(value: str) -> str:
    """E18-412345 -> ••• 345: a meter, a number of seven signs and more; a shorter one is not shown at all."""
    signs = [letter for letter in value if letter.isalnum()]
    return f"{HIDDEN} {''.join(signs[-_MOST_TAIL:])}" if len(signs) > 2 * _MOST_TAIL else HIDDEN


@dataclass(frozen=True, slots=True)
class Rule:
    """How a kind is shown. short: before the caller is verified; None: as it is, always. work: the permission
    of those who see it without a caller; also: the one it takes besides a verified caller. why: in words."""

    short: Callable[[str], str] | None
    why: str
    work: str = ""
    also: str = ""


_WORK: Final = "personal.work"
KINDS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "name": Rule(None, "whom one speaks to; it is never asked"),
        "account": Rule(None, "what a caller is found by; so it proves nothing and is never asked"),
        "amount": Rule(None, "the balance is needed before the first word; so no amount is ever asked"),
        "phone": Rule(short_phone, "asked, but for a number that rang"),
        "email": Rule(short_email, "asked"),
        "postcode": Rule(_nothing, "asked", work=_WORK),
        "address": Rule(_nothing, "the town alone is said", work=_WORK),
        "meter": Rule(short_code, "asked: whoever stands before it can read it out", work=_WORK),
        "bank": Rule(_nothing, "its last four are asked", also="payment_data.see"),
        "medical": Rule(_nothing, "that there is a need is shown, what it is not"),
        "person": Rule(_nothing, "who else may speak for them"),
        "messenger": Rule(_nothing, "their name there"),
        "app": Rule(_nothing, "their name there"),
        "post": Rule(_nothing, "a postal address"),
        "text": Rule(None, "what people wrote: all of the above in it is covered"),
    }
)
"""What may be seen of a customer, by the kind of value."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one customer and must not stand in a text. words: as they are written, found in any
    case and however they are parted; tails: the last digits of telephones, however they are grouped; codes:
    letters and digits of numbers of things, whole, whatever stands between them."""

    words: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @staticmethod
    def of(values: Iterable[str], phones: Iterable[str] = (), codes: Iterable[str] = ()) -> Known:
        """values: any text; phones: also with other signs between their digits, and without the code of their
        country; codes: of meters and the like. What has fewer than `FEWEST` characters would be found in
        every word: it is left out."""
        tails: dict[str, None] = {}
        found = {" ".join(value.split()) for value in values}
        for phone in phones:
            digits = _digits(phone)
            found |= {" ".join(phone.split()), digits}
            if len(digits) >= _LEAST_TAIL:
                tails[digits[-_TAIL:]] = None
        return Known(_longest_first(found), tuple(tails), _longest_first(_telling(codes)))

    def covered(self, text: str) -> str:
        """The text without them."""
        told = " ".join(text.split()).casefold()
        for word in self.words:
            if word.casefold() in told:
                parts = r"\s+".join(re.escape(part) for part in word.split(" "))
                text = re.sub(parts, HIDDEN, text, flags=re.IGNORECASE)
        if self.tails:
            digits = _digits(text)
            for tail in self.tails:
                if tail in digits:
                    text = re.sub(_BETWEEN_DIGITS.join(tail), HIDDEN, text)
        if self.codes:
            signs = _signs(text)
            for code in self.codes:
                if code in signs:
                    text = re.sub(_code_in_words(code), HIDDEN, text, flags=re.IGNORECASE)
        return text


def _longest_first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((one for one in found if len(one) >= FEWEST), key=len, reverse=True))


def _telling(codes: Iterable[str]) -> set[str]:
    """But those of few figures alone: any amount would be one."""
    signs = set(map(_signs, codes))
    return {one for one in signs if len(one) >= _LEAST_FIGURES or not one.isdigit()}


def _signs(text: str) -> str:
    """Letters and digits alone, in one case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _code_in_words(code: str) -> str:
    """Its signs in order, with others between them as people write them; no part of a longer one."""
    return rf"(?<![^\W_]){_BETWEEN_SIGNS.join(map(re.escape, code))}(?![^\W_])"


SOMEBODY: Final = 0
"""Whose a value is where the page cannot say: nobody has verified them."""
FEWEST: Final = 4
_TAIL, _LEAST_TAIL = 9, 8
_LEAST_FIGURES = 6
_BETWEEN_DIGITS = r"[\s().\-/]{0,3}"
_BETWEEN_SIGNS = r"[\s\-/._]{0,2}"
_DAY = r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}"
_TELLING = re.compile(
    rf"""(?P<day>(?<!\d)(?:{_DAY})(?!\d)|\b\d{{4}}-\d\d-\d{{4,}}\b)           # a day, a bill
    |[^\s<>()@,;:"'“”]+@(?:[^\s<>()@,;:"'“”]*\w)?                # an e-mail address, also one that is cut
    |\b[A-Z]{{2}}\d\d(?:[ ]?[A-Z0-9]{{4}}){{2,7}}(?:[ ]?[A-Z0-9]{{1,3}})?\b   # a bank account (ISO 13616)
    |\b[A-Z]{{1,4}}\d{{1,4}}[-/]\d{{5,}}\b                        # a meter
    |\b\d?[A-Z]{{1,4}}[ -]?\d{{8,}}\b                             # a meter (DIN 43863-5 and the like)
    |\b[A-Z]{{1,2}}\d[A-Z\d]?[ ]\d[A-Z]{{2}}\b                    # a British postcode
    |(?<![\w.,-])\+?\(?\d(?:[\s().\-/]{{0,2}}\d){{7,}}(?![\w-])   # a telephone, an account""",
    re.VERBOSE,
)
_HAS_SIGNS = re.compile(r"\d|@")


def covered_text(text: str, known: Known | None = None) -> str:
    """What people wrote, without what looks like a proof, and without what is known of the customer."""
    if not text:
        return text
    if known is not None:
        text = known.covered(text)
    if not _HAS_SIGNS.search(text):
        return text
    return _TELLING.sub(lambda found: found[0] if found["day"] else HIDDEN, text)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


class Reader:
    """Who reads the page that is being made: what they may, and whose callers they have verified."""

    __slots__ = ("_all", "_known", "_may", "_of", "_verified")

    def __init__(
        self, may: Callable[[str], bool], verified: Callable[[], Collection[int]], *, every: bool = False
    ) -> None:
        """may: their permissions; verified: the customers whose callers they verified and who are still on
        the line, asked once and only where it matters; every: the house does without."""
        self._may, self._verified, self._all = may, verified, every
        self._of: dict[int, bool] | None = None
        self._known: dict[int, Callable[[], Known]] = {}

    def told(self, customer_id: int, verified: bool, known: Callable[[], Known]) -> None:
        """A page that has read who a customer is says it: nothing is asked again. known: what to cover in
        texts about them."""
        self._known[customer_id] = known
        if self._of is None:
            self._of = _Verified(self._verified)
        self._of[customer_id] = verified

    def about(self, customer_id: int, known: Callable[[], Known]) -> None:
        """The page is about one customer: what is known of them is covered in its texts, and asked for only
        where one has to be covered."""
        self._known.setdefault(customer_id, known)

    def may(self, permission: str) -> bool:
        """Whether they have this permission."""
        return self._may(permission)

    def verified(self, customer_id: int) -> bool:
        """Whether their caller is on the line and was verified by this person, or is shown for a reason."""
        if self._all or customer_id == SOMEBODY:
            return self._all
        if self._of is None:
            self._of = _Verified(self._verified)
        return self._of[customer_id]

    def sees(self, kind: str, customer_id: int) -> bool:
        """Whether a value of this kind is shown as it is."""
        rule = KINDS[kind]
        if rule.work and self._may(rule.work):
            return True
        return self.verified(customer_id) and (not rule.also or self._may(rule.also))

    def known(self, customer_id: int) -> Known | None:
        """What is known of a customer, where the page has read it."""
        found = self._known.get(customer_id)
        if found is None:
            return None
        known = found()
        self._known[customer_id] = lambda: known
        return known


class _Verified(dict[int, bool]):
    """By customer; the database is asked for those that no page has told of, all at once."""

    def __init__(self, asked: Callable[[], Collection[int]]) -> None:
        self.asked: Callable[[], Collection[int]] | None = asked

    def __missing__(self, customer_id: int) -> bool:
        if self.asked is not None:
            found, self.asked = self.asked(), None
            for one in found:
                self.setdefault(one, True)
        return self.setdefault(customer_id, False)


_ONE_PHONE = re.compile(r"\+\d{8,15}")


@lru_cache(4096)
def _spoken(number: str) -> str:
    """+447700900418 (E.164, as gateways want it) -> +44 7700 900418 (ITU-T E.123, as people read it)."""
    try:
        return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


_READER: ContextVar[Reader | None] = ContextVar("reader", default=None)


def reader_now() -> Reader | None:
    """Who reads what is being made."""
    return _READER.get()


@contextmanager
def reading(reader: Reader) -> Iterator[None]:
    """What is rendered inside is for this reader."""
    token = _READER.set(reader)
    try:
        yield
    finally:
        _READER.reset(token)


def shown(value: str | None, kind: str, customer_id: int | None, town: str = "") -> str:
    """A value as whoever reads may see it.

    customer_id: whose it is; None where nobody has said yet whose: it is as it came, for somebody has to say.
    town: what is said of an address in any case. Raises KeyError for a kind that is not in `KINDS`.
    """
    if not value or customer_id is None:
        return value or ""
    rule = KINDS[kind]
    if rule.short is None and kind != "text":
        return value
    reader = _READER.get()
    if reader is not None and reader.sees(kind, customer_id):
        return _spoken(value) if _ONE_PHONE.fullmatch(value) else value
    if rule.short is None:
        return covered_text(value, reader.known(customer_id) if reader is not None else None)
    short = rule.short(value)
    return f"{short}, {town}" if town else short


def all_shown(customer_id: int | None) -> bool:
    """Whether whoever reads sees a customer whole: what is personal may be acted on and taken along."""
    reader = _READER.get()
    return customer_id is None or (reader is not None and reader.verified(customer_id))


@dataclass(frozen=True, slots=True)
class Personal:
    """A value with what it is and whose: a template writes it as its reader may see it."""

    value: str
    kind: str
    customer_id: int | None
    town: str = ""

    def __str__(self) -> str:
        return shown(self.value, self.kind, self.customer_id, self.town)

    def __html__(self) -> str:
        return escape(str(self))

    def __bool__(self) -> bool:
        return bool(self.value)
