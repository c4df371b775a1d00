"""The embedded server as a real one: shared, killed, half made, hidden from others."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from utility_crm.kit.embedded_server import EmbeddedServer, ServerUnreachable
from utility_crm.kit.processes import is_running
from utility_crm.kit.server_user import ServerUser


def _ask(server: EmbeddedServer, question: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return None if row is None else row[0]


def test_the_last_user_stops_it_and_the_data_stay(home: Path) -> None:
    first = EmbeddedServer(home, fast=True).start()
    second = EmbeddedServer(home, fast=True).start()
    try:
        assert first.pid() == second.pid() is not None
        with psycopg.connect(first.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        assert first.leave() is False
        assert _ask(second, "SELECT value FROM kept") == 7
    finally:
        first.leave()
        stopped = second.leave()
    assert stopped is True
    assert second.pid() is None
    again = EmbeddedServer(home, fast=True).start()
    try:
        assert _ask(again, "SELECT value FROM kept") == 7
    finally:
        again.leave()


def test_it_starts_again_after_kill_9(home: Path) -> None:
    server = EmbeddedServer(home, fast=True).start()
    try:
        killed = server.pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert server.start().pid() not in (None, killed)
        assert _ask(server, "SELECT 1") == 1
    finally:
        server.leave()


def test_a_killed_user_does_not_keep_it_alive(home: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path;"
        "from utility_crm.kit.embedded_server import EmbeddedServer;"
        "kept = EmbeddedServer(Path(sys.argv[1]), fast=True).start(); print('up', flush=True); time.sleep(60)"
    )
    server = EmbeddedServer(home, fast=True).start()
    with subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"up\n"
        other.kill()
    assert server.leave() is True


def test_what_a_killed_initdb_left_is_not_taken_for_a_cluster(open_folder: Path) -> None:
    home = open_folder / "half"
    leftover = home / "pg.new.killed"
    leftover.mkdir(parents=True)
    home.chmod(0o711)
    (leftover / "PG_VERSION").write_text("18\n")
    server = EmbeddedServer(home, fast=True).start()
    try:
        assert _ask(server, "SELECT current_setting('data_directory')") == str(home / "pg")
        assert not leftover.exists()
    finally:
        server.discard()


def test_a_folder_that_is_no_cluster_is_left_alone_and_named(open_folder: Path) -> None:
    stranger = open_folder / "stranger" / "pg"
    stranger.mkdir(parents=True)
    (stranger / "diary.txt").write_text("mine")
    with pytest.raises(ServerUnreachable, match="holds no PostgreSQL cluster"):
        EmbeddedServer(stranger.parent, fast=True).start()
    assert (stranger / "diary.txt").read_text() == "mine"


def test_nobody_else_may_enter_and_nothing_listens_on_a_port(home: Path) -> None:
    server = EmbeddedServer(home, fast=True).start()
    try:
        assert _ask(server, "SELECT current_setting('listen_addresses')") == ""
        for folder in (server.socket_folder, server.data):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        status = Path(f"/proc/{server.pid()}/status")
        if status.exists():
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
            assert "0" not in fields["Uid"].split()
    finally:
        server.leave()


def test_a_path_too_long_for_a_socket_gets_one_elsewhere(open_folder: Path) -> None:
    server = EmbeddedServer(open_folder / ("deep" * 30), fast=True).start()
    try:
        assert server.socket_folder.parent == Path("/tmp")
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
        assert _ask(server, "SELECT 1") == 1
    finally:
        server.discard()
        server.socket_folder.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(open_folder: Path) -> None:
    link = open_folder / "link"
    link.symlink_to(open_folder)
    with pytest.raises(ServerUnreachable, match="belongs to someone else"):
        ServerUser.choose().make_private(link)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_a_closed_folder_on_the_way_is_named(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServerUnreachable, match=f"{closed} is closed to user"):
        EmbeddedServer(closed / "home").start()


def test_a_zombie_is_not_running() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert not is_running(child)
    finally:
        os.waitpid(child, 0)
    assert is_running(os.getpid())
