"""The jobs page. What is shown and asked here is of the clock, which knows the real time alone, also where
the demo pretends another date."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.jobs.actions import LONGEST_REASON, ask_to_run, pause, resume
from utility_crm.jobs.queries import Board, JobLine, board
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import NotFound
from utility_crm.kit.module import Job
from utility_crm.kit.settings import settings
from utility_crm.web.formats import clock, day_year
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/jobs"
ASKED = ("jobs", "failed", "paused", "clocks", "done")


@router.get("/jobs")
def jobs(request: Request, ask: str = "jobs", job: str = "") -> Response:
    """All jobs, or one in full."""
    with visit(request, "jobs.run") as v:
        return jobs_page(v, ask, job)


@router.post("/jobs/{name}/run")
def run(request: Request, name: str, posted: Posting) -> Response:
    """The leader of the clock is asked to run it now."""
    with visit(request, "jobs.run") as v:
        job, title = _known(v, name)

        def act() -> Response:
            line = next(one for one in _board(v, name).jobs if one.name == name)
            posted.sure(_doubt(v, line), do=v.text(mark("Run it once all the same")))
            new = ask_to_run(v.session, job.name, by=v.user.id, now=utc_now())
            words = v.text(mark("Whoever leads the clock is asked to run it: %(job)s."))
            return v.done(words % {"job": title}, PATH, nothing=not new, job=name)

        return handled(v, posted, "run", act, lambda: jobs_page(v, "jobs", name), back=_address(name))


@router.post("/jobs/{name}/pause")
def paused(request: Request, name: str, posted: Posting) -> Response:
    """It does not run by itself from now on."""
    with visit(request, "jobs.run") as v:
        job, title = _known(v, name)

        def act() -> Response:
            reason = posted.text("reason")
            pause(v.session, job.name, reason, by=v.user.id, now=utc_now())
            return v.done(v.text(mark("Paused: %(job)s.")) % {"job": title}, PATH, job=name)

        return handled(v, posted, "pause", act, lambda: jobs_page(v, "jobs", name), back=_address(name))


@router.post("/jobs/{name}/resume")
def resumed(request: Request, name: str, posted: Posting) -> Response:
    """It runs by itself again."""
    with visit(request, "jobs.run") as v:
        job, title = _known(v, name)

        def act() -> Response:
            resume(v.session, job.name, posted.text("reason"), by=v.user.id, now=utc_now())
            words = v.text(mark("It runs again, and catches up by one run: %(job)s."))
            return v.done(words % {"job": title}, PATH, job=name)

        return handled(v, posted, "resume", act, lambda: jobs_page(v, "jobs", name), back=_address(name))


def jobs_page(v: Visit, ask: str, job: str) -> Response:
    """The page with the question that is asked, or with the chosen job. Raises NotFound."""
    found = _board(v, job)
    chosen = next((one for one in found.jobs if one.name == job), None)
    if job and chosen is None:
        raise NotFound("no_such_job", f"there is no job called {job}", job)
    return v.render(
        "jobs/jobs.html",
        ask=ask if ask in ASKED else "jobs",
        board=found,
        chosen=chosen,
        titles={one.name: one.title for one in found.jobs},
        moment=utc_now(),
        pretends=settings().as_of is not None,
        most=LONGEST_REASON,
    )


def _board(v: Visit, job: str) -> Board:
    return board(v.session, v.request.app.state.jobs(), settings().timezone, utc_now(), job=job)


def _known(v: Visit, name: str) -> tuple[Job, str]:
    for job in v.request.app.state.jobs():
        if job.name == name:
            return job, v.text(job.title or job.name)
    raise NotFound("no_such_job", f"there is no job called {name}", name)


def _doubt(v: Visit, line: JobLine) -> str:
    """What stands against running it now: a colleague paused it."""
    at = line.standing.paused_at
    if at is None or line.standing.asked_at is not None:
        return ""
    words = v.text(mark("%(name)s paused it on %(day)s at %(time)s: %(reason)s"))
    return words % {"name": line.paused_by, "reason": line.paused_because, **_when(v, at)}


def _when(v: Visit, at: datetime) -> dict[str, str]:
    return {"day": day_year(at, v.user.language), "time": clock(at, v.user.language)}


def _address(name: str) -> str:
    return f"{PATH}?job={name}"
