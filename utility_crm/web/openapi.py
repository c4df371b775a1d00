"""The OpenAPI document of what machines may ask: every route below /api, and nothing of the pages.

    @router.post("/api/v1/payments", openapi_extra=documented("payments:write", BODY, keyed=True))

A route says what it takes and who may; what refuses is the same for all. `GET /api/v1/openapi.json` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

PREFIX = "/api/v1/"
Schema = Mapping[str, Any]
router = APIRouter()

TEXT: Schema = {"type": "string"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457, with a code, and where what is wrong stands: a JSON path or a header.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": TEXT,
        "where": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
_REFUSALS = {
    400: "the request cannot be read",
    401: "nobody is known by this token or signature",
    403: "the token lacks the scope",
    404: "there is no such thing here",
    409: "it clashes with what is there, or the key was used for another body",
    413: "the body is too large",
    422: "the body is not what is agreed; `where` says the place",
    429: "too many wrong tokens came from here; `Retry-After` says for how long to wait",
    503: "the database or another writer is busy; nothing was kept, send it again",
}


def object_of(properties: Mapping[str, Schema], *required: str, closed: bool = True) -> dict[str, Any]:
    """The schema of an object; closed: it has no other fields."""
    made = {"type": "object", "properties": dict(properties), "required": list(required)}
    return made | ({"additionalProperties": False} if closed else {})


def text_of(most: int, least: int = 0) -> dict[str, Any]:
    """The schema of a text of so many letters."""
    return {"type": "string", "minLength": least, "maxLength": most}


def one_of(*allowed: str) -> dict[str, Any]:
    """The schema of one of these words."""
    return {"type": "string", "enum": list(allowed)}


def documented(
    scope: str, body: Schema | None = None, *, keyed: bool = False, signed: bool = False
) -> dict[str, Any]:
    """What `openapi_extra` of a route is: who may ask, what the body is, and what every machine is told.

    scope: of the token; "" where only a signature opens it. keyed: an Idempotency-Key goes with it. signed: a
    signature opens it, in place of a token or alone.
    """
    ways: list[dict[str, list[str]]] = [{"token": [scope]}] if scope else []
    said: dict[str, Any] = {
        "security": ways + ([{"signature": [], "signed_at": []}] if signed else []),
        "responses": {
            "200": _answer("done, or done before"),
            "201": _answer("made"),
            **{
                str(status): {
                    "description": words,
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
                for status, words in _REFUSALS.items()
            },
        },
    }
    if body is not None:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if keyed:
        said["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "another one for each; the same again is answered as before and does nothing",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            }
        ]
    return said


def _answer(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": {"type": "object"}}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of the application, those of included routers too (FastAPI keeps these as they are)."""

    def walk(routes: Iterable[Any]) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            elif hasattr(route, "original_router"):
                assert not getattr(route.include_context, "prefix", ""), "prefixes are not expected here"
                yield from walk(route.original_router.routes)

    yield from walk(app.routes)


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document of the routes of an application."""
    routes = [one for one in routes_of(app) if one.path.startswith(PREFIX)]
    made = get_openapi(
        title="utility_crm",
        version="1",
        summary="What machines may ask of the platform.",
        routes=[one for one in routes if one.openapi_extra],
    )
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _PROBLEM
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`utility-crm tokens add`"},
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Signature",
            "description": "sha256= and the HMAC-SHA256 of X-Timestamp, a dot and the body under the secret",
        },
        "signed_at": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Timestamp",
            "description": "seconds since 1970, within five minutes of now",
        },
    }
    return made


@router.get("/api/v1/openapi.json")
def document(request: Request) -> Response:
    """The document; it holds nothing of anybody, so that anybody may read it."""
    kept = getattr(request.app.state, "openapi", None)
    if kept is None:
        kept = request.app.state.openapi = openapi_of(request.app)
    return JSONResponse(kept, headers={"Cache-Control": "public, max-age=300"})
