"""The web application, made of the installed packages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import FastAPI
from sqlalchemy import Connection, Engine
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from utility_crm.auth.cookies import Sessions
from utility_crm.auth.oidc import provider_of
from utility_crm.auth.sealing import Sealer
from utility_crm.customers.knowing import known_of
from utility_crm.customers.verifying import verified_by
from utility_crm.customers.whose import Whose
from utility_crm.installed import load_tables, modules
from utility_crm.kit.module import Module, jobs_of, resolve
from utility_crm.kit.parts import CustomerRoom
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import settings
from utility_crm.live.done_forms import DoneForms
from utility_crm.live.hub import Hub
from utility_crm.people.journeys import Journeys
from utility_crm.web.banners import Banners
from utility_crm.web.chrome import rooms_of
from utility_crm.web.errors import add_error_pages
from utility_crm.web.security import MOST_BODY_BYTES, Guard
from utility_crm.web.static_files import HashedFiles
from utility_crm.web.templating import templates_of

GROUND_PAGES = [
    "utility_crm.web.health:router",
    "utility_crm.web.openapi:router",
    "utility_crm.web.sign_in:router",
    "utility_crm.live.pages:router",
    "utility_crm.people.steps:router",
    "utility_crm.people.me:router",
    "utility_crm.people.outside:router",
    "utility_crm.people.team_pages:router",
    "utility_crm.people.people:router",
    "utility_crm.people.tokens:router",
    "utility_crm.customers.pages:router",
    "utility_crm.customers.acting_pages:router",
    "utility_crm.customers.verify_pages:router",
    "utility_crm.customers.party_pages:router",
    "utility_crm.customers.detail_pages:router",
]


def create_app(
    engine: Engine | Connection, *, installed: Sequence[Module] | None = None, secret: str | None = None
) -> FastAPI:
    """The web application over one database.

    engine     where its sessions begin; a Connection in tests, whose work is then rolled back
    installed  the packages it shows, by default all of MODULES
    secret     signs cookies, by default the one of the settings or of the home
    """
    shown = tuple(modules() if installed is None else installed)
    load_tables()
    app = FastAPI(
        title="utility-crm", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_while_serving
    )
    app.state.engine = engine
    app.state.sessions = Sessions(secret or signing_keys())
    app.state.provider = provider_of(settings())
    app.state.journeys = Journeys(secret or signing_keys())
    app.state.sealer = Sealer(secret or signing_keys())
    app.state.banners = Banners(secret or signing_keys())
    app.state.simulated = False
    app.state.live = Hub(engine)
    app.state.forms = DoneForms()
    app.state.leaving = (app.state.live.end_streams,)
    app.state.rooms = rooms_of(shown)
    app.state.templates = templates_of(tuple(module.name for module in shown))
    app.state.customer_rooms = tuple(_customer_rooms(shown))
    app.state.jobs = cache(partial(jobs_of, shown))
    app.state.logged = tuple(resolve(module.logged) for module in shown if module.logged)
    app.state.desk_banners = tuple(resolve(module.desk) for module in shown if module.desk)
    app.state.whose = Whose(shown)
    app.state.verified = verified_by
    app.state.known = partial(known_of, [room for _, room in app.state.customer_rooms])
    app.state.desk_questions = tuple(
        question for module in shown if module.desk_questions for question in resolve(module.desk_questions)
    )
    app.state.calendars = tuple(resolve(module.calendar) for module in shown if module.calendar)
    app.state.complained = tuple(resolve(module.complained) for module in shown if module.complained)
    app.state.found_beside = tuple(one for module in shown for one in module.found_beside)
    app.state.searches = tuple(resolve(module.search) for module in shown if module.search)
    for reference in [*GROUND_PAGES, *(module.pages for module in shown if module.pages)]:
        app.include_router(resolve(reference))
    app.mount("/static", HashedFiles(), name="static")
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MOST_BODY_BYTES)
    open_posts = tuple(path for module in shown for path in module.open_posts)
    app.add_middleware(
        Guard, open_posts=open_posts, https=settings().secure_cookies
    )  # around the limit: its refusals carry the headers, too
    if proxies := [one.strip() for one in settings().trusted_proxies.split(",") if one.strip()]:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    add_error_pages(app)
    return app


def _customer_rooms(shown: Sequence[Module]) -> list[tuple[str, CustomerRoom]]:
    return [(module.name, resolve(module.customer)) for module in shown if module.customer]


@asynccontextmanager
async def _while_serving(app: FastAPI) -> AsyncIterator[None]:
    """Templates are compiled before the first visitor; connections are given back after the last."""
    app.state.templates.environment("en")
    app.state.live.open()
    yield
    await app.state.live.close()
    if isinstance(app.state.engine, Engine):
        app.state.engine.dispose()
