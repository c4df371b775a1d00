"""A posted form: what was typed, what of it cannot be, and what is asked back before it is done.

Pure: `web/posting.py` reads it from a request and shows the page again; `web/forms.html` draws it.

    posted ──> fields (`given.value`) ──> act ──> done, a page with a banner
                  │ wrong                  │ refused, or a doubt
                  └────────── Form ────────┘ the same page: as typed, errors beside fields, or a question
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Generic, TypeVar, cast

from utility_crm.kit.errors import CareError, Invalid
from utility_crm.web.words import mark

T = TypeVar("T")
ONCE, DRAFT = "once", "draft"
"""Of every form: its own token, and the drafts it was written in ("key@version")."""
SURE = "sure"
"""The name of the button that answers a question; its value says which."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked back. doubts: sentences, each with its figures; do: the words of the button that does it
    all the same; token: names exactly these doubts, so that other figures are asked about anew."""

    doubts: tuple[str, ...]
    do: str
    token: str


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a page as it is drawn: untouched, refused or asked back about.

    values: as typed. errors: sentences by field, in the order in which the fields were read; "" is what
    belongs to none. back: the page without the form, for who would rather leave it. filled: nothing is wrong,
    something was put in for the person.
    """

    name: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    question: Question | None = None
    back: str = ""
    filled: bool = False
    _drawn: set[str] = field(default_factory=set)

    def at(self, name: str) -> Form:
        """This form if it has that name, else an untouched one."""
        return self if self.name == name else Form(name)

    @property
    def touched(self) -> bool:
        """Whether it comes back to the person: keep it open."""
        return bool(self.errors) or self.question is not None or self.filled

    def value(self, name: str, otherwise: object = "") -> object:
        """What was typed, else what stands there at first."""
        return self.values.get(name, (otherwise,))[-1] if self.touched else otherwise

    def ticked(self, name: str, value: str = "yes", otherwise: bool = False) -> bool:
        """Whether a box was ticked: of a form that comes back, only what was."""
        return value in self.values.get(name, ()) if self.touched else otherwise

    def beside(self, name: str) -> str:
        """The error of a field that is being drawn."""
        self._drawn.add(name)
        return self.errors.get(name, "")

    @property
    def first(self) -> str:
        """The first wrong field: there the cursor stands."""
        return next((name for name in self.errors if name), "")

    @property
    def left(self) -> list[str]:
        """Errors beside no field drawn so far: they are said below the form."""
        return list(dict.fromkeys(words for name, words in self.errors.items() if name not in self._drawn))

    @property
    def said(self) -> list[str]:
        """All that is wrong, each once."""
        return list(dict.fromkeys(self.errors.values()))


class FieldsWrong(Invalid):
    """Some fields cannot be read; `errors` says which, in the order in which they were read."""

    def __init__(self, errors: Mapping[str, CareError]) -> None:
        self.errors = dict(errors)
        where, first = next(iter(self.errors.items()))
        super().__init__(first.code, first.message, where)


class AskedBack(Exception):
    """Nothing was done: a person answers `question` first."""

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(question.doubts)


@dataclass(frozen=True, slots=True)
class Given(Generic[T]):
    """A field that was read. `value` raises FieldsWrong where any field of its form cannot be."""

    posted: Posted
    read: T | None

    @property
    def value(self) -> T:
        self.posted.check()
        return cast("T", self.read)


@dataclass(slots=True)
class Posted:
    """What a browser sent. values: every field's texts; files: what was uploaded, by field, the last of each;
    every_file: all of them.

    Read every field first, in the order in which they stand on the page, then take their values: all that is
    wrong is said at once.

        amount = posted.field("amount", partial(typed_minor, currency="GBP"))
        due_on = posted.day("due_on")
        take_promise(session, account_id, amount.value, due_on.value, ...)
    """

    values: Mapping[str, tuple[str, ...]]
    files: Mapping[str, Any] = field(default_factory=dict)
    errors: dict[str, CareError] = field(default_factory=dict)
    every_file: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def uploads(self, name: str) -> tuple[Any, ...]:
        """All files of a field, in their order."""
        return self.every_file.get(name, ())

    def text(self, name: str, otherwise: str = "") -> str:
        """The last text of a field, without the blanks around it."""
        return self.values.get(name, (otherwise,))[-1].strip()

    def every(self, name: str) -> tuple[str, ...]:
        """All texts of a field: boxes that were ticked."""
        return self.values.get(name, ())

    def field(self, name: str, read: Callable[[str], T]) -> Given[T]:
        """A field read by `read`; what that refuses is said beside the field."""
        try:
            return Given(self, read(self.text(name)))
        except CareError as error:
            self.errors.setdefault(name, error)
            return Given(self, None)

    def must(self, name: str, words: str = mark("This is needed.")) -> Given[str]:
        """A text that is not empty; `words` (marked) say what is missing."""

        def some(typed: str) -> str:
            if not typed:
                raise Invalid("needed", words, name)
            return typed

        return self.field(name, some)

    def day(self, name: str) -> Given[date]:
        """A day as browsers send it: 2026-11-20."""
        return self.field(name, as_day)

    def whole(self, name: str, least: int = 0, most: int = 10**9) -> Given[int]:
        """A whole number within bounds."""

        def number(typed: str) -> int:
            found = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 11 else -1
            if not least <= found <= most:
                words = mark("“%(typed)s” is no number from %(least)s to %(most)s.")
                raise Invalid("number", words, name, typed=typed, least=least, most=most)
            return found

        return self.field(name, number)

    def one_of(self, name: str, allowed: Collection[str]) -> Given[str]:
        """One of the choices of the page."""

        def known(typed: str) -> str:
            if typed not in allowed:
                raise Invalid("choice", mark("Choose one of what is offered."), name)
            return typed

        return self.field(name, known)

    def check(self) -> None:
        """Raises FieldsWrong where a field read so far cannot be."""
        if self.errors:
            raise FieldsWrong(self.errors)

    def sure(self, *doubts: str, do: str) -> None:
        """Asks back unless there is no doubt, or exactly these were answered.

        doubts: sentences in the person's language that state the consequence in figures; empty ones are none.
        do: the words of the button. Raises AskedBack; call it when all is read and before anything is done.
        """
        self.check()
        found = tuple(filter(None, doubts))
        token = sha256("\n".join(found).encode()).hexdigest()[:20]
        if found and token not in self.every(SURE):
            raise AskedBack(Question(found, do, token))


def as_day(typed: str) -> date:
    """A day of the calendar. Raises Invalid."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        words = mark("“%(typed)s” is no day such as 2026-11-20.")
        raise Invalid("day", words, "day", typed=typed) from error


@contextmanager
def beside(name: str) -> Iterator[None]:
    """Whatever is refused inside is said beside that field."""
    try:
        yield
    except CareError as error:
        error.where = name
        raise
