"""What a room or a package says of the personal data it keeps: what of it a customer may take out, what goes
when they are forgotten, what has to stay and for how long, and how old anything may get.

All of it is data that `utility_crm.privacy` reads. A package names its `Personal` in its `Module`; a test
walks
the tables of all of them and fails where one is spoken for by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

Forget = Literal["stays", "delete"] | Mapping[str, str]
"""What becomes of rows: they stay as they are, they are deleted, or these columns become these expressions
of SQL, in which `t` is the row."""
Scopes = Mapping[str, Any]
"""Lists of keys of one customer, by name: what the conditions of all holdings are written with."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The rows of a table that are a customer's.

    table   its name
    title   what that is in a reader's words, marked
    whose   SQL condition on the row `t`, in which `:people`, `:accounts`, ... are scopes
    now     what becomes of the rows when the person is forgotten
    kept    kind of keeping (`Keeping.kind`) that lets them stay for a time; "last": as long as anything of
            the customer is kept; "" is none
    seals   columns that stay readable, sealed, as long as `kept` lasts
    then    what becomes of them when `kept` ends; at once where nothing is to be kept
    shared  SQL condition on those of the rows that are somebody else's as well: they leave the house, but
            stay when the person is forgotten
    out     SQL of what is taken out, a statement with the same scopes; "" is the rows as they are, without
            `hidden`; None: nothing of it leaves the house
    only    a further condition on what leaves the house
    hidden  columns that stay in the house
    masked  columns with names or addresses of others, which leave masked
    withheld  why nothing of it leaves, or not all, marked
    many    rows without an end (readings): they leave as CSV alone
    sweeps  columns of free text in which the person is looked for in everybody's rows, too
    """

    table: str
    title: str
    whose: str
    now: Forget
    kept: str = ""
    seals: tuple[str, ...] = ()
    then: Forget = "stays"
    out: str | None = ""
    only: str = ""
    hidden: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    withheld: str = ""
    many: bool = False
    sweeps: tuple[str, ...] = ()
    shared: str = ""

    @property
    def alone(self) -> str:
        """SQL condition on the rows that are theirs and nobody else's: what a forgetting may touch."""
        return f"{self.whose} and ({self.shared}) is not true" if self.shared else self.whose


@dataclass(frozen=True, slots=True)
class Scope:
    """A list of keys: SQL of one column, over the scopes before it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that stands in the way of forgetting, while it lasts.

    sql     statement of one row: how many, and a few words or figures that name them (text)
    words   marked, with %(many)s and %(which)s
    """

    code: str
    sql: str
    words: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """A kind of data that law may keep: SQL of the last day (a date, or null for none) that its time counts
    from. What the time is depends on the country (`utility_crm.privacy.domain.law`)."""

    kind: str
    title: str
    last: str


@dataclass(frozen=True, slots=True)
class Aging:
    """Data that gets old. `months`: how long it is kept by default, and whose rule that is (`source`).

    old     SQL condition on the row `t`, with :cut, an instant; the order of age is `by`, a column
    now     what becomes of the rows; a condition in `old` leaves out those that it was done to
    person  SQL of the customer's id, of several with commas between, or a query of them: a legal hold on one
            keeps the row; "" where there is none
    least   months that nobody may go below
    calls   where the rows go by a function of the database instead: SQL of a statement with :cut and :now
            that returns how many went
    after   statement that is run once all of a night is done
    """

    kind: str
    title: str
    table: str
    by: str
    months: int
    source: str
    old: str = ""
    now: Forget = "delete"
    person: str = ""
    least: int = 0
    calls: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class PaperOut:
    """A file of a customer's: its name in the archive, and its bytes, made when they are asked for."""

    name: str
    content: Callable[[], bytes]


Papers = Callable[[Session, Scopes, str], Iterator[PaperOut]]
"""`papers(session, scopes, language)`: the files of a customer, one at a time."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What one package says. `apart`: tables of its own that hold nothing of a customer, each with the
    reason;
    a table that is there for nobody in particular needs no line. `papers`: reference of a `Papers`."""

    holdings: tuple[Holding, ...] = ()
    scopes: tuple[Scope, ...] = ()
    waits: tuple[Waits, ...] = ()
    keepings: tuple[Keeping, ...] = ()
    agings: tuple[Aging, ...] = ()
    papers: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)
    blanks: Sequence[str] = ()
    """Statements that are run at the end of a forgetting, over the scopes and :now: what no condition
    says."""
