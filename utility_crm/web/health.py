"""Whether the web process is well: it answers, and its database does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from utility_crm.web.visit import open_session

router = APIRouter()


@router.get("/healthz")
def health(request: Request) -> JSONResponse:
    """200 and `{"database": "ok"}`, or 503 where the database does not answer."""
    try:
        with open_session(request) as session:
            session.execute(text("select 1"))
    except SQLAlchemyError as error:
        return JSONResponse({"status": "ill", "database": type(error).__name__}, 503)
    return JSONResponse({"status": "ok", "database": "ok"})
