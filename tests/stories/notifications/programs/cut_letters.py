"""What the clock does with letters, and dies of: `cut_letters.py DATABASE_URL`.

Each line on standard input forks a process that cuts the day's letters and makes their file, and is killed
with -9 at the place the line names: `written` (all is written, nothing committed), `cut` (committed, no file
yet), `set` (the file is made, not kept), `kept` (kept, not committed), or `nowhere`. How it ended is printed.
"""

import os
import signal
import sys
from datetime import UTC, datetime

from notifications.letters import making
from notifications.letters.cutting import cut_if_due
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def run(place: str) -> None:
    def die(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    engine, plain = make_engine(sys.argv[1], pool_size=1), making.set_letters

    def set_letters(*given):  # type: ignore[no-untyped-def]
        made = plain(*given)
        die("set")
        return made

    making.set_letters = set_letters
    with unit_of_work(engine) as session:
        cut_if_due(session, AT)
        session.flush()
        die("written")
    die("cut")
    with unit_of_work(engine) as session:
        making.make_one(session, AT)
        session.flush()
        die("kept")


load_tables()
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(line.strip())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
    sys.stdout.flush()
