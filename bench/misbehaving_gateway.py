"""A gateway for text messages that behaves as badly as real ones: `python -m bench.misbehaving_gateway PORT`.

It honours keys, and remembers under which keys it was asked to say the same thing to the same number.
Of the first tries of a message it refuses some for now, breaks off or answers too late after
taking it; in the end it says that it has that key already. `GET /figures` tells the counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LATE_SECONDS = 3.0


class BadGateway:
    """The application (ASGI 3). `handed`: tries by key; `taken`: keys by what was said to whom, which must be
    one each."""

    def __init__(self, *, instant: bool = False) -> None:
        self.instant = instant
        self.handed: Counter[str] = Counter()
        self.taken: dict[str, set[str]] = {}
        self.answers: Counter[str] = Counter()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            await _answer(send, 200, self.figures())
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        said = json.loads(body)
        await self._take(headers["idempotency-key"], f"{said['to']} {said['text']}", send)

    async def _take(self, key: str, said: str, send: Send) -> None:
        self.handed[key] += 1
        mood = "well" if self.instant else _mood(key, self.handed[key])
        self.answers[mood] += 1
        if mood == "busy":
            return await _answer(send, 503, {"error": "busy"})
        if mood == "too_many":
            return await _answer(send, 429, {"error": "too many"}, (b"retry-after", b"1"))
        keys = self.taken.setdefault(said, set())
        known = key in keys
        keys.add(key)
        if mood == "late":
            await asyncio.sleep(LATE_SECONDS)
        if mood == "breaks":
            raise ConnectionResetError("as told")
        await _answer(send, 409 if known else 202, {"id": hashlib.sha256(key.encode()).hexdigest()[:12]})

    def figures(self) -> dict[str, Any]:
        """Messages, how many of them took effect again under another key, tries, and what was answered."""
        return {
            "messages": len(self.taken),
            "repeats": sum(len(keys) - 1 for keys in self.taken.values()),
            "tries": sum(self.handed.values()),
            "answers": dict(self.answers),
        }


def _mood(key: str, attempt: int) -> str:
    """By the key and the number of the try alone, so that a run can be repeated."""
    lot = int.from_bytes(hashlib.sha256(f"{key} {attempt}".encode()).digest()[:4]) % 1000
    for mood, below in (("busy", 60), ("too_many", 80), ("breaks", 110), ("late", 115)):
        if lot < below:
            return mood
    return "well"


async def _answer(send: Send, status: int, said: dict[str, Any], *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps(said).encode()
    length = (b"content-length", str(len(body)).encode())
    kind = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": status, "headers": [length, kind, *headers]})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(BadGateway(instant="--instant" in sys.argv), port=int(sys.argv[1]), log_level="critical")
