"""What ops says of the sources of feeds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from meters.pages.feeds import feeds_response
from meters.sources import set_source
from utility_crm.kit.errors import Invalid
from utility_crm.web.visit import visit

router = APIRouter()
Text = Annotated[str, Form()]


@router.post("/feeds/sources/{source_id}")
def source(request: Request, source_id: int, every_hours: Text = "", muted: Text = "") -> Response:
    """How often it comes, and whether it is muted; hours that are none are shown again."""
    with visit(request, "feeds.run") as v:
        try:
            set_source(v.session, source_id, every_hours=every_hours, muted=bool(muted))
        except Invalid as refused:
            given = {"source": source_id, "every_hours": every_hours}
            return feeds_response(v, "late", status=422, refused=refused, given=given)
        return v.redirect("/feeds", ask="late")
