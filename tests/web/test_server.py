"""The server on a socket that a parent has bound."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from sqlalchemy import create_engine
from utility_crm.app import create_app
from utility_crm.web.server import run
engine = create_engine("postgresql+psycopg://x@127.0.0.1:1/x")
run(create_app(engine, installed=[], secret="s"), fd=int(sys.argv[1]))
"""


def test_it_serves_on_a_socket_it_was_handed_and_stops_when_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd, port = listening.fileno(), listening.getsockname()[1]
        child = subprocess.Popen([sys.executable, "-c", SERVE, str(fd)], cwd=ROOT, pass_fds=[fd])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/shell.css", timeout=120) as answer:
                assert answer.status == 200
                assert float(answer.headers["Server-Timing"].split("=")[1]) >= 0
            with pytest.raises(urllib.error.HTTPError, match="503"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=120)
            child.send_signal(signal.SIGTERM)
            until = time.monotonic() + 120
            while child.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            assert child.poll() in (0, -signal.SIGTERM)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
