"""What pages of the ground take from packages: questions and their answers, cells, banners, things to do,
entries of the timeline, acts. A package makes them (`CustomerRoom`, `DeskQuestion`), the page lays them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy.orm import Session

from utility_crm.kit.gathering import Gather

T = TypeVar("T")


Tone = Literal["ok", "wait", "now", "warn", "bad", ""]
"""State by shape and word: disc ok, ring wait, square now, triangle warn, diamond bad; empty: none."""


class Viewer(Protocol):
    """Who looks at a page: what of it they may see and do."""

    @property
    def id(self) -> int: ...
    def may(self, permission: str) -> bool: ...


@dataclass(slots=True)
class CustomerCall:
    """One look at one customer: what every question, strip cell and timeline is asked with.

    `params` are the page's own query parameters (which bill to compare with, ...). `once(load)` runs a loader
    a single time for the whole page, so two questions share one query. `viewer`: who looks, None where no
    person does. `question`: the key of the one that is open. `rooms`: every package's part of the page.
    `whole`: all of them are asked, not one alone.
    """

    session: Session
    customer_id: int
    now: datetime
    today: date
    language: str = "en"
    params: Mapping[str, str] = field(default_factory=dict)
    viewer: Viewer | None = None
    question: str = ""
    rooms: Sequence[CustomerRoom] = ()
    whole: bool = False
    _memo: dict[Callable[[CustomerCall], Any], Any] = field(default_factory=dict)

    def once(self, load: Callable[[CustomerCall], T]) -> T:
        """The value of `load(self)`, computed once a page."""
        if load not in self._memo:
            self._memo[load] = load(self)
        value: T = self._memo[load]
        return value


Figure = Callable[[CustomerCall], str | None]
"""A figure of a customer in the call's language, as it stands in a letter ("£31.52"); None: not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The short answer in the left column: a figure in strong type and a few words after it."""

    figure: str
    detail: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The chosen question in full: a template that fills the blocks of `web/sheet.html` from `context`."""

    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question a customer may ask: `answer` is always shown, `sheet` only when chosen."""

    key: str
    title: str
    order: int
    answer: Callable[[CustomerCall], Answer]
    sheet: Callable[[CustomerCall], Sheet]


@dataclass(frozen=True, slots=True)
class DeskCall:
    """One look at the desk. user: the `SignedIn` who sits there. `once(load)` runs a loader a single time for
    the whole desk, so that questions share a statement."""

    session: Session
    user: Any
    now: datetime
    today: date
    _memo: dict[Callable[[DeskCall], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, load: Callable[[DeskCall], T]) -> T:
        """The value of `load(self)`, computed once a look."""
        if load not in self._memo:
            self._memo[load] = load(self)
        value: T = self._memo[load]
        return value


@dataclass(frozen=True, slots=True)
class DeskQuestion:
    """A question of the desk, for those who have `permission`: `answer` is always shown, `sheet` only when
    chosen. One with an order below nought stands before the desk's own; the first of these is open when
    somebody sits down."""

    key: str
    title: str
    permission: str
    order: int
    answer: Callable[[DeskCall], Answer]
    sheet: Callable[[DeskCall], Sheet]


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of the strip (Balance, Overdue, May leave)."""

    label: str
    figure: str
    detail: str = ""
    tone: Tone = ""
    order: int = 50


@dataclass(frozen=True, slots=True)
class Banner:
    """A notice across the strip, such as an outage at the premise: `title` strong, then `text`; a link
    (`href`, `action`); and one thing to do by a button (`does`), which posts to `post`. `key` names it
    where it may be replaced while the page is open."""

    title: str
    text: str
    tone: Tone = "warn"
    href: str = ""
    action: str = ""
    post: str = ""
    does: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do or say before hanging up; or, under a heading of its own, a reason (may leave)."""

    text: str
    detail: str = ""
    href: str = ""
    amount: str = ""
    tone: Tone = ""
    order: int = 50


@dataclass(frozen=True, slots=True)
class SideSection:
    """A section of the right column with its own heading."""

    title: str
    items: tuple[Todo, ...]
    order: int = 50


TicketPart = Callable[[Session, int, str, date], Sequence[SideSection]]
"""`part(session, ticket_id, language, today)`: sections beside a ticket, for whoever may see the ticket; one
statement at most."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: `kind` is a filter chip (Contacts, Bills, Payments, Notices, Meter).

    whole_day: it has a date and no hour, as a bill has; of `at` only the day is shown.
    """

    at: datetime
    kind: str
    title: str
    detail: str = ""
    tone: Tone = ""
    href: str = ""
    whole_day: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do from any question of the customer page, by its key (a letter of its own in the house).

    Either `panel`, a template with the form, opened below the strip and filled from `context(call)`; it is
    fetched when its key is pressed, or stands in every page where it is wanted `at_once` and costs nothing.
    Or `href`, where the key leads (`{customer}` in it is the customer's id). `permission`: who may not do it
    does not see it; `applies`: whether there is anything to do it to now, always where it is None.
    """

    key: str
    label: str
    permission: str
    panel: str = ""
    href: str = ""
    order: int = 50
    context: Callable[[CustomerCall], Mapping[str, Any]] | None = None
    applies: Callable[[CustomerCall], bool] | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """Something that the customer knows and a stranger does not: asked of a caller, never shown.

    `ask`: what is asked for, marked for translation; `answers`: any of them is right; `kind`: how what is
    typed is compared: letters and digits alone, an amount in minor units, or the last digits of a telephone.
    """

    key: str
    ask: str
    answers: tuple[str, ...]
    kind: Literal["text", "money", "phone"] = "text"


@dataclass(frozen=True, slots=True)
class Flag:
    """A mark of the strip below the name: `strong` words, then `more`."""

    strong: str
    more: str = ""
    tone: Tone = ""
    order: int = 50


@dataclass(frozen=True, slots=True)
class CustomerRoom:
    """A package's part of the customer page. Each callable reads through the call's session. gathers: what
    every page of it has to know, brought in one statement with that of the others (`kit.together`)."""

    questions: tuple[Question, ...] = ()
    cells: Callable[[CustomerCall], Sequence[Cell]] | None = None
    banners: Callable[[CustomerCall], Sequence[Banner]] | None = None
    todos: Callable[[CustomerCall], Sequence[Todo]] | None = None
    sections: Callable[[CustomerCall], Sequence[SideSection]] | None = None
    timeline: Callable[[CustomerCall], Sequence[TimelineEntry]] | None = None
    acts: tuple[Act, ...] = ()
    proofs: Callable[[CustomerCall], Sequence[Proof]] | None = None
    flags: Callable[[CustomerCall], Sequence[Flag]] | None = None
    on_screen: Callable[[CustomerCall], Sequence[str]] | None = None
    """What whoever speaks with them has to see before they are verified, and which is not asked therefore: a
    number that rings."""
    gathers: tuple[Gather, ...] = ()
    known: Gather | None = None
    """Numbers of their things that whoever speaks with them may be asked: a column each. Covered in texts
    about them, and one of `gathers`, so that their own page asks nothing more."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A customer found by something a package knows (a meter's serial, a bill's number); None where it is
    nobody's yet.

    opens: the path of the thing itself, where exactly it was typed; `called` what it is (a marked word), for
    those who have the `permission`. first: whoever types it means the thing rather than its customer.
    kind: of `why`, as `kit.masking` knows them, so that who finds it does not see it before they may.
    """

    customer_id: int | None
    why: str
    rank: int = 50
    opens: str = ""
    called: str = ""
    permission: str = ""
    first: bool = False
    kind: str = "name"
