"""Agents at their desks: so many people who each open another customer's page every few seconds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from sqlalchemy import Engine

from bench.databases import seconds_of


@dataclass(frozen=True, slots=True)
class Desk:
    """The web process as it is in use, and the cookie of somebody who signed in."""

    port: int
    process: int
    cookie: str

    def cpu_seconds(self) -> float:
        """Of the web process so far."""
        return seconds_of(self.process)


@contextmanager
def served(engine: Engine, login: str, password: str, *, program: str = "") -> Iterator[Desk]:
    """`utility-crm serve`, or a program of ours, on a port of its own over the database of the engine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "UTILITY_CRM_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "UTILITY_CRM_SECRET_KEY": "measured",
    }
    asked = [program] if program else ["utility_crm", "serve"]
    command = [sys.executable, "-m", *asked, "--port", str(port)]
    with subprocess.Popen(command, env=environment) as child:
        try:
            yield Desk(port, child.pid, _signed_in(child, port, login, password))
        finally:
            child.terminate()


def _signed_in(child: subprocess.Popen[bytes], port: int, login: str, password: str) -> str:
    body = urlencode({"login": login, "password": password})
    for _ in range(600):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(
                "POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"}
            )
            answer = connection.getresponse()
            assert answer.status == 303, answer.read()
            return str(answer.headers["set-cookie"]).partition(";")[0]
        except ConnectionRefusedError:
            assert child.poll() is None, "the web process ended"
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError("the web process does not answer")


def opened(
    desk: Desk, paths: Sequence[str], *, agents: int, every_seconds: float, seconds: float
) -> list[float]:
    """Milliseconds from when each page was due to be asked for until its last byte.

    The agents begin one after another within the first `every_seconds`; who is kept waiting opens the next
    page late, and that is counted.
    """
    times = int(seconds / every_seconds)
    began = time.perf_counter() + 0.5

    def agent(place: int) -> list[float]:
        connection = HTTPConnection("127.0.0.1", desk.port, timeout=60)
        found = []
        for turn in range(times):
            due = began + every_seconds * (turn + place / agents)
            time.sleep(max(0.0, due - time.perf_counter()))
            path = paths[(turn * agents + place) % len(paths)]
            connection.request("GET", path, headers={"Cookie": desk.cookie})
            answer = connection.getresponse()
            page = answer.read()
            assert answer.status == 200 and b"</html>" in page, path
            found.append(1000 * (time.perf_counter() - due))
        connection.close()
        return found

    with ThreadPoolExecutor(agents) as desks:
        return [one for found in desks.map(agent, range(agents)) for one in found]
