"""A gateway for text messages that behaves as badly as real ones: `python -m bench.misbehaving_gateway PORT`.

It honours keys, and counts for each how often it was handed over and how often it took effect. Of the first
tries of a message it refuses some for now, breaks off or answers too late after taking it, takes its time,
or says in the end that it has that key already. `GET /figures` tells the counts.
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
    """The application (ASGI 3). `handed`: tries by key; `taken`: effects by key, which must stay at one."""

    def __init__(self, *, instant: bool = False) -> None:
        self.instant = instant
        self.handed: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
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
        json.loads(body)  # what is no document is a fault of ours
        await self._take(headers.get("idempotency-key", ""), send)

    async def _take(self, key: str, send: Send) -> None:
        self.handed[key] += 1
        mood = "well" if self.instant else _mood(key, self.handed[key])
        self.answers[mood] += 1
        if mood == "busy":
            return await _answer(send, 503, {"error": "busy"})
        if mood == "too_many":
            return await _answer(send, 429, {"error": "too many"}, (b"retry-after", b"1"))
        known = bool(self.taken[key])
        if not known:
            self.taken[key] = 1
        if mood == "late":
            await asyncio.sleep(LATE_SECONDS)
        if mood == "breaks":
            raise ConnectionResetError("as told")
        await _answer(send, 409 if known else 202, {"id": hashlib.sha256(key.encode()).hexdigest()[:12]})

    def figures(self) -> dict[str, Any]:
        """Messages that took effect, effects, tries, and what was answered how often."""
        return {
            "messages": len(self.taken),
            "effects": sum(self.taken.values()),
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
