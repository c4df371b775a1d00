"""The pages of the room as frozen values: questions, figures and rows in the person's own language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.domain.sums import FATES
from utility_crm.records.guessing import guess_columns
from utility_crm.records.jobs import here
from utility_crm.records.kinds import Field, Kind, kind_named, kinds
from utility_crm.records.mapping import open_asks, settled
from utility_crm.records.queries import ImportShown, refusals
from utility_crm.records.reading import ENCODINGS
from utility_crm.records.undoing import what_stands
from utility_crm.web.visit import Visit
from utility_crm.web.words import translator

PACKAGE: Final = "utility_crm.records"
ROOM_ASKED: Final = ("files", "refused", "sums")
ASKED: Final = ("columns", "report", "refused", "sums", "undo")
REFUSED_SHOWN: Final = 200


def said_by(kind: Kind, language: str, words: str, figures: Mapping[str, Any] | None = None) -> str:
    """Marked words of a kind, by the catalogue of its own room, else by this one's."""
    own = translator(language, kind.room)(words)
    told = own if own != words else translator(language, PACKAGE)(words)
    return told % dict(figures) if figures else told


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import in the list."""

    shown: ImportShown
    title: str

    @property
    def counts(self) -> Mapping[str, int]:
        return self.shown.report or dict.fromkeys(("rows", *FATES), 0)


@dataclass(frozen=True, slots=True)
class RoomPage:
    """sums: of what was taken, a line for each kind, source, currency and month."""

    asked: str
    lines: Sequence[ImportLine]
    kinds: Sequence[tuple[str, str]]
    refused: int
    apart: int

    @property
    def encodings(self) -> list[tuple[str, str]]:
        """Those a person may choose."""
        return [(name, name) for name in ENCODINGS]

    @property
    def with_refused(self) -> Sequence[ImportLine]:
        return [line for line in self.lines if line.counts["refused"] and line.shown.state != "undone"]

    @property
    def with_sums(self) -> Sequence[ImportLine]:
        return [line for line in self.lines if line.shown.taken and line.shown.state == "taken"]


def room_page(v: Visit, found: Sequence[ImportShown], asked: str) -> RoomPage:
    """The list, and what it comes to."""
    language = v.user.language
    lines = [
        ImportLine(one, said_by(kind_named(one.kind), language, kind_named(one.kind).title)) for one in found
    ]
    standing = [line for line in lines if line.shown.state != "undone"]
    return RoomPage(
        asked, lines, [(kind.name, said_by(kind, language, kind.title)) for kind in kinds()],
        sum(line.counts["refused"] for line in standing),
        sum(not line.shown.taken["adds_up"] for line in standing if line.shown.taken),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueShown:
    """One of their words: the field of the form it is said in, how often it stands there, ours so far."""

    name: str
    word: str
    count: int
    ours: str


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of ours in the form: the column it is read from, what stands there, what is asked."""

    name: str
    title: str
    type: str
    required: bool
    column: str
    fixed: str
    otherwise: str
    examples: Sequence[str]
    sure: bool
    ask: str
    value: str
    order: str
    mark: str
    choices: list[tuple[str, str]]
    words: Sequence[ValueShown]


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import. stands: what keeps it from being taken back, as sentences."""

    asked: str
    shown: ImportShown
    title: str
    fields: Sequence[FieldShown]
    unread: Sequence[str]
    asks: int
    refusals: Sequence[Mapping[str, Any]]
    missing: Sequence[Mapping[str, Any]]
    stands: Sequence[str]
    compares: bool

    @property
    def titles(self) -> list[tuple[str, str]]:
        """Their columns, as a choice."""
        return [("", "–"), *((column.title, column.title) for column in self.shown.columns)]

    @property
    def path(self) -> str:
        return f"/records/{self.shown.id}"

    @property
    def report(self) -> Mapping[str, Any]:
        return self.shown.report or {}

    @property
    def open(self) -> bool:
        """Whether it can still be taken."""
        return self.shown.state in ("staged", "checked")


def import_page(v: Visit, shown: ImportShown, asked: str) -> ImportPage:
    """What the chosen question needs; the others say their answer from the import itself."""
    kind, language = kind_named(shown.kind), v.user.language
    asks = open_asks(kind, shown.mapping, shown.columns) if shown.state in ("staged", "checked") else []
    mapped = set(shown.mapping.columns.values())
    stands: list[str] = []
    if asked == "undo" and shown.state == "taken":
        found = what_stands(v.session, shown.id, here(), now=v.now, today=v.today)
        stands = [said_by(kind, language, one.words, one.figures) for one in found]
    listed = refusals(v.session, shown.id, REFUSED_SHOWN) if asked == "refused" else []
    return ImportPage(
        asked=asked, shown=shown, title=said_by(kind, language, kind.title),
        fields=_fields(kind, shown, language) if asked == "columns" else (),
        unread=[column.title for column in shown.columns if column.title not in mapped],
        asks=len(asks),
        refusals=[
            {"line": one.line, "title": one.title or _title(kind, one.field, language), "value": one.value,
             "words": said_by(kind, language, one.words, one.figures)}
            for one in listed
        ],
        missing=[
            {**one, "words": said_by(kind, language, one["words"])}
            for one in (shown.report or {}).get("missing", ())
        ],
        stands=stands, compares=kind.compares,
    )  # fmt: skip


def _title(kind: Kind, name: str, language: str) -> str:
    return said_by(kind, language, kind.field(name).title) if name else ""


def _fields(kind: Kind, shown: ImportShown, language: str) -> list[FieldShown]:
    by_title = {column.title: column for column in shown.columns}
    guesses = {guess.field: guess for guess in guess_columns(kind, shown.columns)}
    asks = {ask.field: ask for ask in open_asks(kind, shown.mapping, shown.columns)}
    proved = settled(kind, shown.mapping, shown.columns)
    found = []
    for one in kind.fields:
        column = by_title.get(shown.mapping.columns.get(one.name, ""))
        guess, ask = guesses.get(one.name), asks.get(one.name)
        found.append(
            FieldShown(
                name=one.name, title=said_by(kind, language, one.title), type=one.type, required=one.required,
                column=column.title if column else "", fixed=shown.mapping.fixed.get(one.name, ""),
                otherwise=one.otherwise, examples=column.examples if column else (),
                sure=guess is None or column is None or guess.title != column.title or guess.sure,
                ask=ask.what if ask else "", value=ask.value if ask else "",
                order=proved.dates.get(one.name, ""), mark=proved.decimals.get(one.name, ""),
                choices=[
                    (name, said_by(kind, language, name.replace("_", " ")))
                    for name in (one.choices if one.type == "choice" else ("yes", "no"))
                ],
                words=_words(one, column, shown),
            )
        )  # fmt: skip
    return found


def _words(one: Field, column: ColumnSeen | None, shown: ImportShown) -> list[ValueShown]:
    if one.type not in ("choice", "yes") or column is None or column.values is None:
        return []
    ours = shown.mapping.values.get(one.name, {})
    return [
        ValueShown(f"value-{one.name}-{place}", word, count, ours.get(word, ""))
        for place, (word, count) in enumerate(column.values.items())
    ]
