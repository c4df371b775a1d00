"""Starting and stopping the embedded server, against the same binaries' `pg_ctl` on the same cluster."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measurement import Measurement, side_by_side
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.postgres_binaries import find_binaries
from utility_crm.kit.server_user import ServerUser


def measurements() -> Iterator[Measurement]:
    """Seconds for one start and stop of an existing cluster, synced to disk as in use."""
    folder = Path(tempfile.mkdtemp(prefix="ucrm-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        server = EmbeddedServer(folder / "home")

        def ours() -> None:
            server.start()
            server.leave()

        seconds = side_by_side(ours, lambda: _pg_ctl(server))
        yield Measurement("embedded server: start and stop, s", seconds.ours, seconds.reference, "lower", 1.0)
    finally:
        shutil.rmtree(folder)


def _pg_ctl(server: EmbeddedServer) -> None:
    user = ServerUser.choose()
    binaries = find_binaries()
    if user.dropped:
        binaries = binaries.copied_to(server.home / "bin")
    program, data = str(binaries.program("pg_ctl")), str(server.data)
    options = f"-k {shlex.quote(str(server.socket_folder))} -c listen_addresses= -c shared_buffers=256MB"
    for words in (["-l", f"{data}/server.log", "-o", options, "start"], ["-m", "fast", "stop"]):
        done = user.run([program, "-D", data, "-w", *words])
        assert done.returncode == 0, done.stdout
