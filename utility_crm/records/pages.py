"""Records of another system: files dropped, their columns said, tried, taken, reckoned up and taken back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, Final

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import Response, StreamingResponse

from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.formulas import guarded
from utility_crm.records.jobs import here
from utility_crm.records.kinds import kind_named, kinds
from utility_crm.records.mapping import read_mapping
from utility_crm.records.queries import ImportShown, import_of, imports, refused_rows
from utility_crm.records.reading import ENCODINGS
from utility_crm.records.reading.opening import DELIMITERS
from utility_crm.records.shown import ASKED, ROOM_ASKED, import_page, room_page
from utility_crm.records.staging import Form, stage
from utility_crm.records.taking import check_import, held_import, take_import
from utility_crm.records.typed_mapping import typed_mapping
from utility_crm.records.undoing import undo_import
from utility_crm.records.ways import BATCH, WHY, look_for_ways, mend_ways, way_figures, ways
from utility_crm.web.posting import Posting, handled
from utility_crm.web.uploading import WORDS_FOR_TOO_MUCH, GuardedUpload, put_down
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

PACKAGE: Final = "utility_crm.records"
AT_ONCE: Final = 20_000
"""Rows of a file that is worked while the page waits; a larger one is the clock's."""


class RecordsUpload(GuardedUpload):
    """Files of records."""

    permission = "records.run"
    by_command = "utility-crm records import"


router = APIRouter()
uploads = APIRouter(route_class=RecordsUpload, max_body_size=WORDS_FOR_TOO_MUCH)


@router.get("/records")
def records(request: Request, ask: str = "") -> Response:
    """What was brought over, what was refused, and whether it adds up."""
    with visit(request, "records.run") as v:
        return _room(v, ask)


def _room(v: Visit, ask: str) -> Response:
    asked = ask if ask in ROOM_ASKED else ROOM_ASKED[0]
    return v.render("records/records.html", page=room_page(v, imports(v.session), asked))


@uploads.post("/records")
def drop(request: Request, posted: Posting) -> Response:
    """Put a file down; its columns are guessed, nothing of it is taken."""
    with visit(request, "records.run") as v:

        def act() -> Response:
            kind = posted.one_of("kind", [one.name for one in kinds()])
            source = posted.must("source", mark("Name the system the file comes from."))
            encoding = posted.one_of("encoding", ["", *ENCODINGS])
            delimiter = posted.one_of("delimiter", ["", "tab", *DELIMITERS])
            posted.check()
            upload = posted.files.get("file")
            if upload is None or not upload.filename:
                raise Invalid("no_file", mark("Choose a file first."), "file")
            told = posted.files.get("map")
            one = kind_named(kind.value)
            mapping = read_mapping(told.file.read(300_000), one) if told and told.filename else None
            sign = "\t" if delimiter.value == "tab" else delimiter.value
            form = Form(encoding.value, sign, posted.text("sheet"))
            with put_down(upload) as path:
                made = stage(
                    v.session, path, kind=one.name, source=source.value, now=v.now, by=v.user.id,
                    name=path.name, form=form, mapping=mapping,
                )  # fmt: skip
            return v.redirect(f"/records/{made}", ask="columns")

        return handled(v, posted, "drop", act, lambda: _room(v, "files"), back="/records")


router.include_router(uploads)


@router.get("/records/ways")
def reaching(request: Request, ask: str = "") -> Response:
    """Phones and e-mails on file that are not in normal form, and those that nobody can read."""
    with visit(request, "records.run") as v:
        return _ways(v, ask)


def _ways(v: Visit, ask: str) -> Response:
    asked = "cannot" if ask == "cannot" else "can"
    listed = ways(v.session, can=asked == "can")
    _ = translator(v.user.language, PACKAGE)
    whys = {code: _(words) for code, words in WHY.items()}
    return v.render(
        "records/ways.html", asked=asked, ways=listed, whys=whys, figures=way_figures(v.session), batch=BATCH
    )


@router.post("/records/ways/look")
def look(request: Request, posted: Posting) -> Response:
    """Look at all of them now."""
    with visit(request, "records.run") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            found = look_for_ways(v.session, country=here().country, now=v.now)
            words = _(
                "%(can)s can be put right, %(cannot)s nobody can read.", can=found.can, cannot=found.cannot
            )
            return v.done(words, "/records/ways")

        return handled(v, posted, "look", act, lambda: _ways(v, "can"))


@router.post("/records/ways/mend")
def mend(request: Request, posted: Posting) -> Response:
    """Put the next of them right, after one question."""
    with visit(request, "records.run") as v:
        _, ngettext = translator(v.user.language, PACKAGE), counting(v.user.language, PACKAGE)

        def act() -> Response:
            if not way_figures(v.session).can:
                return v.done(_("There is none left to put right."), "/records/ways", nothing=True)
            done = mend_ways(v.session)
            told = ngettext(
                "One way to reach is put right", "%(num)s ways to reach are put right", done.changed
            )
            twice = ngettext("one was there twice and goes", "%(num)s were there twice and go", done.removed)
            posted.sure(_("%(told)s; %(twice)s.", told=told, twice=twice), do=_("Put them right"))
            return v.done(_("%(told)s; %(twice)s.", told=told, twice=twice), "/records/ways")

        return handled(v, posted, "mend", act, lambda: _ways(v, "can"), back="/records/ways")


@router.get("/records/{import_id}")
def one_import(request: Request, import_id: int, ask: str = "") -> Response:
    """One file: how it is read, what it comes to, what was refused, whether it adds up, what stands on it."""
    with visit(request, "records.run") as v:
        return _import(v, import_id, ask)


def _import(v: Visit, import_id: int, ask: str) -> Response:
    shown = import_of(v.session, import_id)
    asked = ask if ask in ASKED else "columns" if shown.state == "staged" else "report"
    return v.render("records/import.html", page=import_page(v, shown, asked))


@router.post("/records/{import_id}/mapping")
def say_mapping(request: Request, import_id: int, posted: Posting) -> Response:
    """Keep how the file is read, and try it."""
    with visit(request, "records.run") as v:
        back = f"/records/{import_id}"

        def act() -> Response:
            held = held_import(v.session, import_id)
            if held.state in ("taken", "undone"):
                raise Conflict("taken", mark("This import was taken already."), None)
            shown = import_of(v.session, import_id)
            held.mapping = typed_mapping(posted, kind_named(held.kind), shown.columns).document()
            held.state, held.checked = "staged", None
            v.session.flush()
            return _go(v, shown, "check")

        return handled(v, posted, "mapping", act, lambda: _import(v, import_id, "columns"), back=back)


@router.post("/records/{import_id}/take")
def take(request: Request, import_id: int, posted: Posting) -> Response:
    """Take it, after one question with the figures of the trial."""
    with visit(request, "records.run") as v:
        _, ngettext = translator(v.user.language, PACKAGE), counting(v.user.language, PACKAGE)

        def act() -> Response:
            shown = import_of(v.session, import_id)
            if shown.taken is None and shown.checked is None:
                raise Conflict("not_checked", mark("Try it first: then you see what it comes to."), None)
            if shown.checked is not None and shown.taken is None:
                come = shown.checked
                rows = ngettext("One row is taken", "%(num)s rows are taken", come["made"] + come["changed"])
                out = ngettext("one is refused", "%(num)s are refused", come["refused"])
                posted.sure(_("%(rows)s, %(out)s.", rows=rows, out=out), do=_("Take it"))
            return _go(v, shown, "take")

        return handled(v, posted, "take", act, lambda: _import(v, import_id, "report"),
                       back=f"/records/{import_id}")  # fmt: skip


@router.post("/records/{import_id}/undo")
def undo(request: Request, import_id: int, posted: Posting) -> Response:
    """Take it back, after one question."""
    with visit(request, "records.run") as v:
        _, ngettext = translator(v.user.language, PACKAGE), counting(v.user.language, PACKAGE)

        def act() -> Response:
            shown = import_of(v.session, import_id)
            if shown.taken is not None and shown.state == "taken":
                made, changed = shown.taken["made"], shown.taken["changed"]
                goes = ngettext("One record goes", "%(num)s records go", made)
                was = ngettext("one is what it was", "%(num)s are what they were", changed)
                posted.sure(_("%(goes)s, %(was)s.", goes=goes, was=was), do=_("Take it back"))
            return _go(v, shown, "undo")

        return handled(v, posted, "undo", act, lambda: _import(v, import_id, "undo"),
                       back=f"/records/{import_id}?ask=undo")  # fmt: skip


@router.post("/records/{import_id}/drop")
def forget(request: Request, import_id: int, posted: Posting) -> Response:
    """A file that was never taken goes with its rows."""
    with visit(request, "records.run") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            held = held_import(v.session, import_id)
            if held.state not in ("staged", "checked"):
                raise Conflict("taken", mark("What was taken is taken back, not forgotten."), None)
            name = held.name
            v.session.execute(text("delete from record_imports where id = :id"), {"id": import_id})
            return v.done(_("%(name)s is forgotten; nothing of it was taken.", name=name), "/records")

        return handled(v, posted, "drop", act, lambda: _import(v, import_id, "columns"))


def _go(v: Visit, shown: ImportShown, what: str) -> Response:
    """Do it now, or leave a large file to the clock."""
    _ = translator(v.user.language, PACKAGE)
    path = f"/records/{shown.id}"
    if shown.rows > AT_ONCE:
        held = held_import(v.session, shown.id)
        held.wanted, held.failed = what, ""
        if what == "take" and held.taken is None:
            held.taken_by = v.user.id
        if what == "undo" and held.state == "taken":
            held.undone_by = v.user.id
        return v.done(_("The clock works on it; this page follows."), path, ask="report")
    given: dict[str, Any] = {"now": v.now, "today": v.today, "by": v.user.id}
    if what == "undo":
        done = undo_import(v.session, shown.id, here(), **given)
        words = _("Taken back: %(removed)s went, %(restored)s are what they were.",
                  removed=done.removed, restored=done.restored)  # fmt: skip
        return v.done(words, path, ask="undo")
    if what == "check":
        check_import(v.session, shown.id, here(), **given)
        return v.redirect(path, ask="report")
    come = take_import(v.session, shown.id, here(), **given)
    words = _("%(made)s new, %(changed)s changed, %(same)s the same, %(refused)s refused.",
              **{name: come[name] for name in ("made", "changed", "same", "refused")})  # fmt: skip
    return v.done(words, path, ask="report")


@router.get("/records/{import_id}/mapping.json")
def mapping_file(request: Request, import_id: int) -> Response:
    """How the file is read, for the next one like it."""
    with visit(request, "records.run") as v:
        shown = import_of(v.session, import_id)
    document = {"kind": shown.kind, "source": shown.source, **shown.mapping.document()}
    content = json.dumps(document, ensure_ascii=False, indent=2)
    return _file(content, "application/json", f"mapping-{import_id}.json")


@router.get("/records/{import_id}/report.csv")
def report_file(request: Request, import_id: int) -> Response:
    """The reconciliation report for a spreadsheet; amounts in minor units."""
    with visit(request, "records.run") as v:
        shown = import_of(v.session, import_id)
    report = shown.report or {}
    names = ("rows", "in_file", "made", "changed", "same", "refused", "booked", "difference")
    rows = [["what", "currency", "month", *names]]
    rows.append(["rows", "", "", *(str(report.get(name, "")) for name in names)])
    for line in report.get("money", ()):
        told = (str(line.get(name, "")) for name in names)
        rows.append(["money", guarded(line["currency"]), line["month"], *told])
    rows += [[f"refused: {code}", "", "", str(count)] for code, count in report.get("reasons", {}).items()]
    rows += [[one["words"], "", "", str(one["count"])] for one in report.get("missing", ())]
    return _file("".join(_lines(rows)), "text/csv; charset=utf-8", f"report-{import_id}.csv")


@router.get("/records/{import_id}/refused.csv")
def refused_file(request: Request, import_id: int) -> Response:
    """The refused rows as they stood, with their reasons: to be mended and dropped again."""
    with visit(request, "records.run") as v:
        shown = import_of(v.session, import_id)
        titles = [*(guarded(column.title) for column in shown.columns), "refused because"]
        content = "\ufeff" + "".join(_lines([titles, *refused_rows(v.session, import_id)]))
    return _file(content, "text/csv; charset=utf-8", f"refused-{import_id}.csv")


def _lines(rows: Iterable[list[str]]) -> Iterator[str]:
    for row in rows:
        out = StringIO()
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(row)
        yield out.getvalue()


def _file(content: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(iter([content.encode()]), media_type=media_type, headers=headers)
