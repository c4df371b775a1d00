"""A mail server that behaves as badly as real ones: `python -m bench.bad_mail_server PORT`.

Of letters it takes some not now, is slow with some, and of some breaks off after it has taken them; of a few
addresses it knows nobody. SMTP has no keys, so what comes again is a second letter: it counts by Message-ID.
A line on standard input is answered with a line of JSON: `taken` (a Message-ID and how often each), `said`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections import Counter
from typing import Any

from aiosmtpd.controller import Controller

SLOW_SECONDS = 0.2


class BadServer:
    """What it took, whatever it said of it afterwards. Its moods follow the Message-ID and the number of the
    try alone, so that a run can be repeated."""

    def __init__(self) -> None:
        self.handed: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.said: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """550 for nobody."""
        if address.startswith("nobody"):
            self.said["never"] += 1
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take it, or not, and say so, or not."""
        head = envelope.content.decode("utf-8", "replace").split("\r\n\r\n")[0].replace("\r\n ", " ")
        line = next(one for one in head.split("\r\n") if one.lower().startswith("message-id:"))
        name = line.partition(":")[2].strip()
        self.handed[name] += 1
        mood = _mood(name, self.handed[name])
        self.said[mood] += 1
        if mood == "later":
            return "451 4.3.0 try again later"
        if mood == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        self.taken[name] += 1
        if mood == "broke off":
            server.transport.abort()
        return "250 taken"


def _mood(name: str, attempt: int) -> str:
    lot = int.from_bytes(hashlib.sha256(f"{name} {attempt}".encode()).digest()[:4]) % 1000
    for mood, below in (("later", 20), ("slow", 25), ("broke off", 45)):
        if lot < below:
            return mood
    return "well"


def main(port: int) -> None:
    """Serve until standard input ends."""
    server = BadServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({"taken": server.taken, "said": server.said}), flush=True)
    controller.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
