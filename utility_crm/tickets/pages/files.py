"""Files to take along: never shown by us, never run by the browser as a page of ours."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.kit.errors import NotFound
from utility_crm.tickets.actions import ticket_of
from utility_crm.tickets.attachments import content_of
from utility_crm.tickets.pages.showing import found_ticket
from utility_crm.web.masking import must_be_verified
from utility_crm.web.visit import visit
from utility_crm.web.words import mark

router = APIRouter()


@router.get("/tickets/{number}/files/{file_id}")
def download(request: Request, number: str, file_id: int) -> Response:
    """The file as a download (RFC 6266), of its own kind, in a sandbox wherever it is opened. It may hold
    anything: it is given once the caller is verified, as mail is."""
    with visit(request, "tickets.read") as v:
        one = found_ticket(v, number)
        found = content_of(v.session, file_id)
        if found is None or ticket_of(v.session, found[3]) != one.id:
            raise NotFound("no_such_file", mark("There is no such file."), "file")
        must_be_verified(one.customer_id)
        name, media_type, content, _ = found
        encoded = quote(name, safe="")
        plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
        given = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
        return Response(
            content,
            media_type=media_type,
            headers={
                "Content-Disposition": given,
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )
