"""`meters watch FOLDER --every 0.02 ...`, killed by itself where it is told: before the commit, before or
within the move, before the report."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from meters.commands import app
from meters.watching import putting_away, watch


def die(*_arguments: Any, **_more: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# Where the tests run in the background, a shell may have them ignore SIGINT, and so their children.
signal.signal(signal.SIGINT, signal.default_int_handler)
where, *arguments = sys.argv[1:]
if where == "before_commit":
    watch.look_at = die  # type: ignore[assignment]
elif where == "before_move":
    watch.put_away = die  # type: ignore[assignment]
elif where == "within_move":
    putting_away.Path.unlink = die  # type: ignore[method-assign,assignment]
elif where == "before_report":
    watch.report_on = die
app(["watch", *arguments, "--every", "0.02"])
