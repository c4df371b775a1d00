"""The real supervisor and database over two small children: `run_supervisor.py HOME PORT`."""

import sys
from pathlib import Path

import psycopg

from utility_crm.kit.child_process import Command
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.errors import CareError
from utility_crm.kit.supervisor import Supervisor


def prepare(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS workers (process int)")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


home = Path(sys.argv[1])
supervisor = Supervisor(
    home=home,
    host="127.0.0.1",
    port=int(sys.argv[2]),
    server=EmbeddedServer(home, fast=True),
    database_url="",
    before_serving=prepare,
    when_serving=lambda address: say(f"serving {address}"),
    say=say,
    commands=(Command("web", "fake_web", ("{fd}",)), Command("worker", "fake_worker", ())),
)
try:
    sys.exit(supervisor.run())
except CareError as error:
    say(error.message)
    sys.exit(1)
