"""One process the supervisor keeps alive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from utility_crm.kit.supervised import LIFELINE

_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0
# A process that lived this long did start; what ended it is no reason to wait before the next one.
_SETTLED_SECONDS = 10.0


@dataclass(frozen=True)
class Command:
    """What a child runs: `module` as by `python -m`, with `arguments`; "{fd}" becomes the socket's number."""

    name: str
    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Inheritance:
    """What every child gets: the listening socket, the end of the lifeline, the lock, the environment."""

    socket: int
    lifeline: int
    lock: int
    environment: Mapping[str, str]


class ChildProcess:
    """Starts one command, and starts it again when it ends, waiting longer each time it ends young."""

    def __init__(self, command: Command, inheritance: Inheritance, say: Callable[[str], None]) -> None:
        self.name = command.name
        self._arguments = _command_line(command, inheritance.socket)
        self._inheritance = inheritance
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._wait_seconds = _FIRST_WAIT_SECONDS

    def tend(self) -> None:
        """Starts the process if it is due, and notices that it ended. Called again and again."""
        if self._process is None:
            if time.monotonic() >= self._start_again_at:
                self._start()
        elif (status := self._process.poll()) is not None:
            self._process = None
            self._plan_next_start(status)

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def wait_until_stopped(self, give_up_at: float) -> None:
        """Waits for the end of the process; after `give_up_at` (monotonic seconds) it is made to end."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, give_up_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._say(f"{self.name} does not stop by itself and is killed")
            self._process.kill()
            self._process.wait()
        self._process = None

    def _start(self) -> None:
        given = self._inheritance
        self._started_at = time.monotonic()
        # In a session of its own, so that Ctrl-C reaches the supervisor alone, which stops all in order.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._arguments,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **given.environment, LIFELINE: str(given.lifeline)},
            pass_fds=(given.socket, given.lifeline, given.lock),
            start_new_session=True,
        )

    def _plan_next_start(self, status: int) -> None:
        now = time.monotonic()
        settled = now - self._started_at >= _SETTLED_SECONDS
        wait = _FIRST_WAIT_SECONDS if settled else self._wait_seconds
        self._wait_seconds = min(_LONGEST_WAIT_SECONDS, wait * 2)
        self._start_again_at = now + wait
        self._say(f"{self.name} ended ({_in_words(status)}); starting it again")


def _command_line(command: Command, socket: int) -> Sequence[str]:
    arguments = [argument.format(fd=socket) for argument in command.arguments]
    return [sys.executable, "-m", "utility_crm.kit.supervised", command.module, *arguments]


def _in_words(status: int) -> str:
    if status >= 0:
        return f"exit {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
