"""The dials of a service point: what they showed, what was used between, and a read taken on the phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from meters.domain.accumulated import ReadKind
from meters.registers.queries import RegisterSheet, register_sheets
from meters.registers.recording import Taken, record_read
from meters.registers.telling import told_figure, told_instant
from meters.service_points.card import ServicePointCard, service_point_card
from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.web.visit import Visit, visit

router = APIRouter()
KINDS: tuple[ReadKind, ...] = ("customer", "actual", "estimated")
"""What a person may tell here; exchanges and deemed reads come by file or command."""
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class ReadsPage:
    """Everything the template shows."""

    card: ServicePointCard
    sheets: tuple[RegisterSheet, ...]

    @property
    def faults(self) -> int:
        return sum(len(sheet.faults) for sheet in self.sheets)

    @property
    def newest(self) -> Any:
        """The newest read of all, None without any."""
        reads = [sheet.reads[0] for sheet in self.sheets if sheet.reads]
        return max(reads, key=lambda read: read.read_at, default=None)


@router.get("/meter-reads/{code:path}")
def reads(request: Request, code: str) -> Response:
    """Each register: reads, consumption between them, what does not go together."""
    with visit(request, "reads.write") as v:
        return _page(v, code, {"register": "", "at": "", "value": "", "kind": KINDS[0]})


@router.post("/meter-reads/{code:path}")
def take(
    request: Request,
    code: str,
    rate: Annotated[str, Form(alias="register")] = "",
    at: Text = "",
    value: Text = "",
    kind: Text = "customer",
    despite: Text = "",
) -> Response:
    """Keep a read; one that contradicts the others is shown again, and kept if it is meant."""
    with visit(request, "reads.write") as v:
        given = {"register": rate, "at": at, "value": value, "kind": kind}
        try:
            _keep(v, code, given, despite=bool(despite))
        except NotFound:
            raise
        except CareError as refused:
            return _page(v, code, given, refused)
        return v.redirect(request.url.path)


def _keep(v: Visit, code: str, given: dict[str, str], *, despite: bool) -> None:
    told: ReadKind | None = next((kind for kind in KINDS if kind == given["kind"]), None)
    if told is None:
        raise Invalid("unknown_kind", f"{given['kind']!r} is none of {', '.join(KINDS)}.", "kind")
    moment = told_instant(v.session, code, given["at"])
    if moment > v.now:
        raise Invalid("future_read", "A read cannot be of a time to come.", "at")
    taken = Taken(given["register"], told_figure(given["value"]))
    record_read(v.session, code, taken, moment, told, user_id=v.user.id, despite=despite)


def _page(v: Visit, code: str, given: dict[str, str], refused: CareError | None = None) -> Response:
    page = ReadsPage(service_point_card(v.session, code, v.today), register_sheets(v.session, code))
    status = 422 if refused is not None else 200
    return v.render(
        "meters/reads.html", status, page=page, sheets=page.sheets, refused=refused, given=given, kinds=KINDS
    )
