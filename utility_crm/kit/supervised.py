"""How a child of the supervisor runs: `python -m utility_crm.kit.supervised MODULE ARGUMENTS...`.

The child holds the reading end of a pipe whose other end only the supervisor has. When the supervisor ends,
even by `kill -9`, the pipe ends too, and the child stops itself as if it had been asked to.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

LIFELINE = "UTILITY_CRM_LIFELINE"
LEAVE_SECONDS = 8.0


def leave_with(lifeline: int) -> None:
    """From now on this process ends when the pipe `lifeline` does: asked first, at once after 8 seconds."""

    def watch() -> None:
        os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(LEAVE_SECONDS)
        os._exit(1)

    os.set_inheritable(lifeline, False)
    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def main() -> None:
    """Runs the module named first as if by `python -m`."""
    leave_with(int(os.environ.pop(LIFELINE)))
    module = sys.argv[1]
    sys.argv = [module, *sys.argv[2:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
