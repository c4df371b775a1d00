"""What every response forbids, and which requests are refused before anything reads them."""

from __future__ import annotations

from time import perf_counter
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTPS_ALONE = "max-age=31536000; includeSubDomains"
"""Where pages go over HTTPS, browsers ask for them in no other way for a year (RFC 6797)."""
MOST_BODY_BYTES = 2**20
"""Of any request, whoever sends it, counted as it arrives. A router of larger forms says so itself
(`APIRouter(max_body_size=...)`) and has to ask who is there before it reads."""

_SAFE = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """ASGI middleware: refuses writes that another site started; puts the security headers on every response
    and, in milliseconds, how long it took to make.

    A browser says where a request comes from (`Sec-Fetch-Site`, else `Origin`); who says neither is no
    browser, carries no cookie against its owner's will, and passes. Below `open_posts` anybody may write:
    there no cookie counts, the address itself is the key (one-click unsubscribe, RFC 8058).
    """

    def __init__(self, app: ASGIApp, open_posts: tuple[str, ...] = (), https: bool = False) -> None:
        self.app = app
        self.open_posts = open_posts
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        began = perf_counter()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Server-Timing"] = f"app;dur={1000 * (perf_counter() - began):.1f}"
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.https:
                    headers.setdefault("Strict-Transport-Security", HTTPS_ALONE)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"  # pages hold people's data
            await send(message)

        opened = bool(self.open_posts) and scope["path"].startswith(self.open_posts)
        if scope["method"] not in _SAFE and not opened and not same_site(Headers(scope=scope)):
            refusal = PlainTextResponse("This request came from another site and was refused.", 403)
            await refusal(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)


def same_site(headers: Headers) -> bool:
    """Whether a writing request was started by our own page, or by no browser at all."""
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
