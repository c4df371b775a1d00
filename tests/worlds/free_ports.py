"""Ports for servers that must be told theirs before they listen.

Asked for port 0, the system gives one of those that every outgoing connection is given as well: between the
asking and the listening another worker's connection may have it. These lie below, a range for each worker.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import cycle

LOWEST, HIGHEST, A_WORKER = 20_000, 32_000, 400
"""Linux gives 32768 to 60999 away by itself, macOS and FreeBSD what lies above 49151."""


def _of_this_worker() -> Iterator[int]:
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = LOWEST + number * A_WORKER % (HIGHEST - LOWEST)
    return cycle(range(first, first + A_WORKER))


_PORTS = _of_this_worker()


def free_port() -> int:
    """A port on which nobody listens, and that is given to nobody else."""
    for _ in range(A_WORKER):
        port = next(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("every port of this worker is taken")
