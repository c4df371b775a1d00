"""What a package gives the host.

Everything is named by a reference "package.module:attribute" and loaded when first needed, so the web process
never imports what only the command line or the clock uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from importlib import import_module
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy.orm import Session

from utility_crm.kit.gathering import Gather

T = TypeVar("T")
Tone = Literal["ok", "wait", "now", "warn", "bad", ""]
"""State by shape and word: disc ok, ring wait, square now, triangle warn, diamond bad; empty: none."""


@dataclass(frozen=True, slots=True)
class Module:
    """One installed package, or one room of the ground. References are strings `package.module:attribute`;
    empty means it has none.

    tables      module (no attribute) whose import registers the package's tables
    pages       fastapi.APIRouter
    customer    CustomerRoom: its part of the customer page
    search      Callable[[Session, str, int], Sequence[SearchHit]]
    found_beside    paths of lists that are fetched below the customers found while somebody types, and the
                permission each asks for; `q` is added
    desk        Callable[[Session, datetime, str], Sequence[Banner]]: what whoever answers the phone has to
                know now, whoever calls; in the language asked for
    navigation  rooms in the top bar
    desk_questions      tuple[DeskQuestion, ...]: what it answers on the desk to whoever sits there
    calendar    CalendarPart: what stands in somebody's calendar because of it (appointments)
    importing   ImportColumns: its own columns of the customer file
    network_importing   NetworkColumns: its own columns of the network file
    records     tuple[Kind, ...], or what gives it (`utility_crm.records.kinds`): its records that can
                be brought over from another system
    jobs        tuple[Job, ...] for the clock
    commands    typer.Typer mounted under the package's name
    on_top      groups of those that are also reached without the package's name: (name, typer.Typer)
    demo        Callable[[DemoBuild], None], its part of the simulated utility
    still_true  StillTrue: what it knows of notices that are about to leave
    ticket_events   Callable[[Session, TicketEvent], None] (`utility_crm.tickets.events`): told of every
                change of a ticket, in its transaction
    ticket_sections     TicketPart: what it puts beside a ticket
    figures     Mapping[str, Figure]: figures of a customer by name, for texts with blanks
    complained  Callable[[Session, int, datetime, int | None], None]: told of the contact (its id), now and by
                whom, when a complaint was logged or answered on the customer page
    sends       Sends: it delivers answers and receipts that the ground wants sent
    asks        Asks: it delivers surveys to customers, or says why they may not be asked
    reports     Reports: it takes what mail servers say became of letters
    logged      Logged: what follows from a contact that was logged
    lanes       Callable[[Engine, Event], None]: what it sends by itself in the delivery process, until the
                event is set; it outlives a lost database
    announces   tuple[Announced, ...]: kinds of event that others may listen to (`utility_crm.announcing`)
    personal    Personal: what it keeps of people, how that is taken out and forgotten (`kit.personal`)
    open_posts  beginnings of paths that anybody may post to, from anywhere: the address itself is the key
    owners      whose the things are that its routes and forms name; who may see some areas only comes in by
                no other routes, but for:
    filtered    its routes that name no customer and leave out by themselves what such a person may not see
    plain       its routes that show nothing of any customer: a look at them is not written down
    """

    name: str
    tables: str = ""
    pages: str = ""
    customer: str = ""
    search: str = ""
    found_beside: tuple[tuple[str, str], ...] = ()
    desk: str = ""
    desk_questions: str = ""
    calendar: str = ""
    importing: str = ""
    network_importing: str = ""
    records: str = ""
    jobs: str = ""
    commands: str = ""
    on_top: tuple[tuple[str, str], ...] = ()
    demo: str = ""
    still_true: str = ""
    ticket_events: str = ""
    ticket_sections: str = ""
    figures: str = ""
    complained: str = ""
    sends: str = ""
    asks: str = ""
    reports: str = ""
    logged: str = ""
    lanes: str = ""
    announces: str = ""
    personal: str = ""
    open_posts: tuple[str, ...] = ()
    navigation: tuple[Room, ...] = ()
    owners: tuple[Owner, ...] = ()
    filtered: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """Its name as people type it: the last word."""
        return self.name.rpartition(".")[2]


class Logged(Protocol):
    """What a package does when something said was kept, in the same transaction."""

    def __call__(
        self,
        session: Session,
        *,
        contact_id: int,
        customer_id: int,
        channel: str,
        user_id: int,
        now: datetime,
    ) -> None: ...


class ToLeave(Protocol):
    """A notice that is about to be sent, as it was queued."""

    @property
    def id(self) -> int: ...
    @property
    def notice(self) -> str: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


StillTrue = Callable[[Session, Sequence[ToLeave], datetime], Mapping[int, Mapping[str, Any] | None]]
"""Of notices that are not as they were queued, by id: what is another in their context now, None where they
are no longer true."""


@dataclass(frozen=True, slots=True)
class ToSend:
    """An answer to somebody who wrote to us, or the receipt that what they wrote has come.

    key         deterministic: the same again is the same letter. It holds a secret, since the letter's name
                in the world is made of it, and whoever knows a name may write into its thread
    kind        "answer", a person's words; or "receipt", ours
    number      of the ticket, which the subject names
    customer_id whose; None where nobody knows yet, and `address` is all there is
    channel     the way it should go: "email", "messenger" or "sms"
    address     where to; "" is wherever the customer is reached that way, or the next that is open
    name        whom it is to, where there is no customer
    language    of its frame; "" is the customer's
    reply_to    the address that an answer is wanted at (e-mail)
    answers     Message-IDs of the letters it answers, oldest first (e-mail)
    files       digests of what is attached (`ticket_files`), with the names they go by (e-mail)
    """

    key: str
    kind: Literal["answer", "receipt"]
    number: str
    subject: str
    text: str
    customer_id: int | None
    channel: str
    address: str = ""
    name: str = ""
    language: str = ""
    reply_to: str = ""
    answers: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BeingSent:
    """What became of it: its row and its name (Message-ID) where it will leave, by which channel; or, in
    marked words, why it is `refused`."""

    id: int
    name: str
    channel: str
    refused: str = ""


Sends = Callable[[Session, ToSend, datetime], BeingSent]
"""Puts a letter on its way, once for its key."""


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A survey that is to reach a customer.

    key           deterministic: the same again is the same letter
    survey, round its number, and how often it was put on its way: `still_true` tells by them
    question      "csat" (1 to 5) or "nps" (0 to 10)
    number        of the ticket it is about, with its subject and the day on which it was solved
    paths         where an answer is given, from the root of this site, by score; None: without a score
    answer_before until when an answer is taken
    useful_before from then on the letter is not worth sending
    """

    key: str
    survey: int
    round: int
    question: Literal["csat", "nps"]
    number: str
    subject: str
    solved_on: date
    customer_id: int
    account_id: int | None
    paths: Mapping[int | None, str]
    answer_before: datetime
    useful_before: datetime


Asks = Callable[[Session, Sequence[ToAsk], datetime, bool], Sequence[str]]
"""Puts surveys on their way, each once for its key; or, where the last argument is false, only foresees what
would be done. For each, why it is not sent: a word that stays the same ("no_consent"), "" where it is."""

Reports = Callable[[Session, bytes, datetime], str | None]
"""Acts on a mail that says what became of letters; in a few words, what it said. None: it is no such mail."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A kind of event that other systems may listen to: "ticket.opened". words: what happened, marked; data
    and personal: an example of what is told, and of what is told besides to who may have personal data."""

    kind: str
    words: str
    data: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """A room in the top bar: `g` then `key` goes there; shown to those who have `permission`."""

    label: str
    path: str
    key: str
    permission: str
    order: int = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the thing is that an address names, or a form: `docs/access.md` says how it is used.

    path      the beginning of those routes, with its parameter: "/bills/{number}"; "" for forms only
    kind      what it is called in the audit log: "bill"
    customer  SQL of one value, the customer's id, of the text :value. It may find none
    node      SQL likewise, of the network node where it stands: it belongs to its place, whoever lives there
    theirs    SQL condition on :value, :user_id, :team_ids (bigint[]) and :sees_all_tickets that has to hold
              as well, but for those who have the permission `all_by`
    fields    its names in forms
    whole     the page around it shows others' things, too: not for people who may see some areas only
    anybodys  one that is no customer's is nobody's secret
    """

    path: str
    kind: str
    customer: str
    node: str = ""
    theirs: str = ""
    all_by: str = ""
    fields: tuple[str, ...] = ()
    whole: bool = False
    anybodys: bool = False


def resolve(reference: str) -> Any:
    """The object behind "package.module:attribute"."""
    module, _, attribute = reference.partition(":")
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


@dataclass(frozen=True, slots=True)
class Job:
    """Something the clock calls: `run(session, now)` in one unit of work, every `seconds`; or, where `at` is
    given, once each day at that time on the wall clock of the utility's zone.

    It decides nothing that cannot be repeated: the clock may call it twice. `title` says in a few words what
    it does, for the jobs page. What it returns says what came of it (`kit.said`, for every language).
    """

    name: str
    seconds: int
    run: Callable[[Session, datetime], str]
    title: str = ""
    at: time | None = None


def jobs_of(modules: Iterable[Module]) -> tuple[Job, ...]:
    """Every job of the packages."""
    return tuple(job for module in modules if module.jobs for job in resolve(module.jobs))


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Something of a day (`starts_at` None), or of an hour of it, in somebody's calendar.

    key: names it among all entries of all rooms ("meter-check-7"), so that a calendar program knows it again.
    day: of the utility's zone. title: without a customer's name, since it may leave the house; `detail` stays
    inside.
    """

    key: str
    day: date
    title: str
    detail: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    href: str = ""
    tone: Tone = ""


CalendarPart = Callable[[Session, date, date, Any], Sequence[CalendarEntry]]
"""`part(session, first, before, user)`: what stands in this person's calendar from a day until before
another, in their language. user: the `SignedIn`; what they may not see is left out."""


# The customer page ------------------------------------------------------------------------------------


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
