"""The reader, and what it dies of: `read_mail.py DATABASE_URL`, the mailbox by its settings.

Each line on standard input forks a process that fetches and places all mail, and is killed with -9 at the
place the line names: `stored` (written, not committed), `committed` (not marked on the server yet), `marked`
(on the server, not here), `placed` (in a ticket, not committed), or `nowhere`. How it ended is printed.
"""

import os
import signal
import sys

from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings
from utility_crm.mail import commands, placing
from utility_crm.mail.mailbox import Address


def run(place: str) -> None:
    def die(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    store, mark, put = commands.store_new, commands.mark_stored, placing._place_first
    stored = False

    def store_new(*given):  # type: ignore[no-untyped-def]
        nonlocal stored
        done = store(*given)
        stored = True
        die("stored")
        return done

    def mark_stored(*given):  # type: ignore[no-untyped-def]
        if stored:
            die("committed")
        done = mark(*given)
        if done:
            die("marked")
        return done

    def place_first(*given):  # type: ignore[no-untyped-def]
        done = put(*given)
        if done:
            die("placed")
        return done

    commands.store_new, commands.mark_stored, placing._place_first = store_new, mark_stored, place_first
    address = Address.of(settings())
    assert address is not None
    commands.fetch_all(make_engine(sys.argv[1], pool_size=1), address)


load_tables()
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(line.strip())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
    sys.stdout.flush()
