"""One archive of everything of a customer, written while it is read: the rows of every holding as CSV and
JSON,
their papers, a page to read, and a manifest with the SHA-256 of each file (GDPR, art. 15 and 20; 152-FZ,
art. 14).

Others are masked: names of those who are related to them, and whatever a holding says is somebody else's.
What
stays in the house is said on the page, with the reason.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import LargeBinary, text
from sqlalchemy.orm import Session

from utility_crm.installed import load_tables, personal
from utility_crm.kit.database import Base
from utility_crm.kit.errors import CareError
from utility_crm.kit.formulas import guarded
from utility_crm.kit.module import resolve
from utility_crm.kit.personal import Holding, Papers, Scopes
from utility_crm.kit.settings import settings
from utility_crm.privacy.domain.law import rules_of
from utility_crm.privacy.reading import holdings, keepings, scopes_of, whom
from utility_crm.web.templating import templates_of
from utility_crm.web.words import LANGUAGES, translator

AT_ONCE = 2000
"""Rows that are fetched at once."""
HIDDEN = "•••"
_OTHERS = text("""
    select r.name from relations r where r.customer_id = any(:people) and r.name <> ''
    union select c.name from relations r join customers c on c.id = r.other_id where r.customer_id =
    any(:people)
    union select c.name from relations r join customers c on c.id = r.customer_id where r.other_id =
    any(:people)
    union select c.name from accounts a join customers c on c.id in (a.customer_id, a.payer_id)
          where a.customer_id = any(:people) or a.payer_id = any(:people)
    except select name from customers where id = any(:people)
""")
STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem;
border-bottom: 1px solid #bbb } td.num { text-align: right } caption { text-align: left; font-weight: 600 }
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive. rows: of a table, None of a paper."""

    name: str
    sha256: str
    size_bytes: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A holding on the page: what it is, how many rows, in which files, and what was kept back."""

    title: str
    rows: int
    files: tuple[str, ...]
    withheld: str


@dataclass(slots=True)
class Archive:
    """What was written. failed: papers that could not be made, with the reason."""

    number: str
    entries: list[Entry] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    withheld: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def manifest(self, made_at: datetime, language: str) -> dict[str, Any]:
        """As it stands in the archive."""
        return {
            "customer": self.number,
            "made_at": made_at.isoformat(),
            "language": language,
            "files": [
                {"name": one.name, "sha256": one.sha256, "bytes": one.size_bytes, "rows": one.rows}
                for one in self.entries
            ],
            "kept_back": [{"what": what, "why": why} for what, why in self.withheld],
            "could_not_be_made": [{"name": name, "why": why} for name, why in self.failed],
        }


def write_archive(
    session: Session, customer_id: int, to: BinaryIO, *, now: datetime, today: date, language: str = ""
) -> Archive:
    """Writes it to a file that can be sought in. In the customer's language, or in another that we speak; in
    memory never more than a paper or `AT_ONCE` rows. Raises NotFound."""
    one = whom(session, customer_id)
    language = language or one.language
    language = language if language in LANGUAGES else settings().language
    scopes = scopes_of(session, customer_id, today)
    masked = mask_of(list(session.scalars(_OTHERS, scopes)))
    made = Archive(one.number)
    with ZipFile(to, "w", ZIP_DEFLATED, allowZip64=True) as archive:
        for package, holding in holdings():
            say = translator(language, package)
            _write_holding(session, archive, made, holding, scopes, say, masked)
        for _package, said in personal():
            if said.papers:
                _write_papers(session, archive, made, resolve(said.papers), scopes, language)
        page = _page(made, one.name, one.number, language, now, today)
        _write(archive, made, "index.html", [page.encode()])
        _write(archive, made, "index.css", [STYLE.encode()])
        manifest = json.dumps(made.manifest(now, language), ensure_ascii=False, indent=1)
        archive.writestr("manifest.json", manifest)
    return made


def rows_of(session: Session, one: Holding, scopes: Scopes) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """The names of what leaves of a holding, and its rows, fetched as they are read."""
    found = session.execute(text(out_of(one)), scopes, execution_options={"yield_per": AT_ONCE})
    return list(found.keys()), iter(found)


def out_of(one: Holding) -> str:
    """The statement of what leaves: its own, or the columns that name no colleague and stay readable."""
    if one.out:
        return one.out
    load_tables()
    table = Base.metadata.tables[one.table]
    names = [
        column.name
        for column in table.columns
        if column.name not in one.hidden
        and not isinstance(column.type, LargeBinary)
        and not any(key.target_fullname == "users.id" for key in column.foreign_keys)
    ]
    columns = ", ".join(f't."{name}"' for name in names)
    keys = ", ".join(f't."{column.name}"' for column in table.primary_key)
    only = f" and {one.only}" if one.only else ""
    return f"select {columns} from {one.table} t where {one.whose}{only} order by {keys}"


def mask_of(names: Iterable[str]) -> Callable[[str], str]:
    """Puts the names of others, wherever they stand in a text, as first letters."""
    known = sorted({name for name in names if len(name) > 3}, key=len, reverse=True)
    if not known:
        return lambda said: said
    found = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, known)) + r")(?!\w)", re.IGNORECASE)
    return lambda said: found.sub(lambda hit: initials(hit.group()), said)


def initials(name: str) -> str:
    """Ruth Lane -> R••• L•••"""
    return " ".join(f"{word[:1]}{HIDDEN}" for word in name.split())


def _write_holding(
    session: Session,
    archive: ZipFile,
    made: Archive,
    one: Holding,
    scopes: Scopes,
    say: Callable[..., str],
    masked: Callable[[str], str],
) -> None:
    title, withheld = say(one.title), say(one.withheld) if one.withheld else ""
    if one.out is None:
        if withheld:
            made.withheld.append((title, withheld))
        return
    others = frozenset(one.masked)
    names, rows = rows_of(session, one, scopes)
    first = next(rows, None)
    if first is None:
        return
    shown = _shown(names, others, masked, scopes)
    file = f"data/{one.table}.csv"
    counted = _Counted(shown, first, rows)
    _write(archive, made, file, counted.csv(names), rows=counted)
    files = [file]
    if not one.many:
        _names, rows = rows_of(session, one, scopes)
        file = f"data/{one.table}.json"
        again = _Counted(shown, None, rows)
        _write(archive, made, file, again.json(names), rows=again)
        files.append(file)
    made.parts.append(Part(title, counted.rows, tuple(files), withheld))
    if withheld:
        made.withheld.append((title, withheld))


Shown = Callable[[Sequence[Any]], list[Any]]


def _shown(
    names: Sequence[str], others: frozenset[str], masked: Callable[[str], str], scopes: Scopes
) -> Shown:
    """A row as it leaves: plain values, others masked. What is the customer's own stays."""
    own = {said.lower() for said in (*scopes["names"], *scopes["addresses"])}

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, str):
            if name in others and value and value.lower() not in own:
                return initials(value) if "@" not in value and value[:1] not in "+0" else HIDDEN
            return masked(value)
        if isinstance(value, datetime | date | time):
            return value.isoformat()
        if isinstance(value, Decimal):
            return str(value)
        if isinstance(value, list | dict):
            return json.loads(masked(json.dumps(value, ensure_ascii=False, default=str)))
        return value

    return lambda row: [plain(name, value) for name, value in zip(names, row, strict=True)]


@dataclass(slots=True)
class _Counted:
    """Rows that are counted as they are written."""

    shown: Shown
    first: Sequence[Any] | None
    others: Iterator[Sequence[Any]]
    rows: int = 0

    def __iter__(self) -> Iterator[list[Any]]:
        if self.first is not None:
            self.rows += 1
            yield self.shown(self.first)
        for row in self.others:
            self.rows += 1
            yield self.shown(row)

    def csv(self, names: Sequence[str]) -> Iterator[bytes]:
        line = _Line()
        writer = csv.writer(line, lineterminator="\r\n")
        writer.writerow(names)
        yield line.taken()
        for row in self:
            writer.writerow([_in_a_cell(value) for value in row])
            yield line.taken()

    def json(self, names: Sequence[str]) -> Iterator[bytes]:
        before = "[\n"
        for row in self:
            yield (before + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)).encode()
            before = ",\n"
        yield b"[]\n" if before == "[\n" else b"\n]\n"


class _Line:
    """What csv writes to, a line at a time."""

    def __init__(self) -> None:
        self._held = ""

    def write(self, said: str) -> None:
        self._held += said

    def taken(self) -> bytes:
        held, self._held = self._held, ""
        return held.encode()


def _in_a_cell(value: Any) -> Any:
    """No spreadsheet takes a text for a formula."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return guarded(value) if isinstance(value, str) else value


def _write_papers(
    session: Session, archive: ZipFile, made: Archive, papers: Papers, scopes: Scopes, language: str
) -> None:
    for paper in papers(session, scopes, language):
        try:
            with session.begin_nested():
                content = paper.content()
        except CareError as error:
            made.failed.append((paper.name, error.message))
            continue
        _write(archive, made, paper.name, [content])


def _write(
    archive: ZipFile, made: Archive, name: str, pieces: Iterable[bytes], rows: _Counted | None = None
) -> None:
    digest, size = sha256(), 0
    with archive.open(name, "w", force_zip64=True) as opened:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            opened.write(piece)
    made.entries.append(Entry(name, digest.hexdigest(), size, rows.rows if rows else None))


def _page(made: Archive, name: str, number: str, language: str, now: datetime, today: date) -> str:
    """The page to read, in words."""
    known = settings()
    rules = rules_of(known.country)
    kept = [
        (translator(language, package)(one.title), rules[one.kind])
        for package, one in keepings()
        if one.kind in rules
    ]
    papers = [one for one in made.entries if one.rows is None]
    context = {
        "name": name, "number": number, "made_at": now, "today": today, "parts": made.parts,
        "papers": papers, "withheld": made.withheld, "failed": made.failed, "kept": kept,
        "utility": known.utility_name, "supplier": known.supplier_name or known.utility_name,
        "supplier_address": known.supplier_address, "supplier_email": known.supplier_email,
        "language": language, "russian": known.country == "RU",
    }  # fmt: skip
    return templates_of(("utility_crm.privacy",)).render("privacy/archive.html", language, context)
