"""What a package gives the host.

Everything is named by a reference "package.module:attribute" and loaded when first needed, so the web process
never imports what only the command line or the clock uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from utility_crm.kit.parts import Tone


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
    demo_last   the same, once every package has built its part: what stands on all of them
    still_true  StillTrue: what it knows of notices that are about to leave
    ticket_events   Callable[[Session, TicketEvent], None] (`utility_crm.tickets.events`): told of every
                change of a ticket, in its transaction
    ticket_sections     TicketPart: what it puts beside a ticket
    facts       tuple[FactOffer, ...]: what it knows of customers that segments may be made of
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
    demo_last: str = ""
    still_true: str = ""
    ticket_events: str = ""
    ticket_sections: str = ""
    facts: str = ""
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
