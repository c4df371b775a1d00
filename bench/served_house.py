"""The web application with one page more, served as `utility-crm serve` does: `python -m bench.served_house
--port PORT`.

`/one` asks who is signed in and whether they may, runs `SELECT 1`, writes the view down and renders the
layout of every page around the figure: all that a page costs before it says anything.
"""

from __future__ import annotations

import sys

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import Response

from utility_crm.app import create_app
from utility_crm.installed import modules
from utility_crm.kit.module import Module
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.web.server import run
from utility_crm.web.visit import visit

router = APIRouter()
MODULE = Module(name="bench", pages="bench.served_house:router")


@router.get("/one")
def one(request: Request) -> Response:
    """The least that a page of a signed-in person is."""
    with visit(request, "customers.read") as v:
        return v.render("bench/one.html", figure=v.session.scalar(text("select 1")))


def main(port: int) -> None:
    """Serves until told to stop."""
    with database(pool_size=settings().pool_size) as engine:
        run(create_app(engine, installed=[*modules(), MODULE]), port=port)


if __name__ == "__main__":
    main(int(sys.argv[sys.argv.index("--port") + 1]))
