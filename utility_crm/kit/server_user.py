"""The user the embedded PostgreSQL runs as, and the folders it needs.

PostgreSQL refuses to run as root. Started by root, it runs as `postgres` or else `nobody`, with no
supplementary group and no capability. Folders of root stay root's; only those the server writes to are
given to its user, so a database that goes astray cannot put a link where root writes next.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from utility_crm.kit.errors import Refused

_USERS_FOR_ROOT = ("postgres", "nobody")


class ServerUnreachable(Refused):
    """The embedded server cannot run or be reached here; the message says why and what helps."""

    def __init__(self, message: str) -> None:
        super().__init__("database_unreachable", message)


@dataclass(frozen=True)
class ServerUser:
    """`name` is None where the system has no entry for `uid`, as in many containers."""

    uid: int
    gid: int
    name: str | None
    dropped: bool

    @classmethod
    def choose(cls) -> ServerUser:
        """Root's stand-in, or whoever is running this."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), _name_of(os.geteuid()), dropped=False)
        for name in _USERS_FOR_ROOT:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, entry.pw_name, dropped=True)
        raise ServerUnreachable(
            "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it; "
            "run this as another user, or set UTILITY_CRM_DATABASE_URL"
        )

    def run(self, command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `command` as this user in a session of its own, its two outputs as one text."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(  # noqa: S603 - our own programs, no shell text from outside
            command,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=inherited | {"LC_ALL": "C"} | environment,
            umask=0o077,
            start_new_session=True,
            user=self.uid if self.dropped else None,
            group=self.gid if self.dropped else None,
            extra_groups=() if self.dropped else None,
            check=False,
        )

    def with_a_name(self, command: Sequence[str]) -> list[str]:
        """`command`, run so that the system knows its user's name, on which `initdb` insists.

        A user without a passwd entry borrows the number of one who has, in a user namespace of its own:
        files are written under the true number all the same.
        """
        unshare = shutil.which("unshare")
        if self.name is not None or unshare is None:
            return list(command)
        borrowed = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), None)
        return list(command) if borrowed is None else [unshare, "--user", f"--map-user={borrowed}", *command]

    def make_private(self, folder: Path) -> None:
        """Makes `folder` with mode 0700 for this user; refuses one that belongs to somebody else."""
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (self.uid, os.geteuid()):
            raise ServerUnreachable(f"{folder} belongs to someone else; remove it, or set UTILITY_CRM_HOME")
        folder.chmod(0o700)
        if self.dropped:
            os.chown(folder, self.uid, self.gid)

    def check_walk(self, folder: Path) -> None:
        """Refuses a `folder` this user cannot walk to, naming the one on the way that is closed."""
        for place in (folder, *folder.parents):
            if not self._may_enter(place.stat()):
                raise ServerUnreachable(
                    f"{place} is closed to user {self.name or self.uid}, whom PostgreSQL runs as; "
                    f"set UTILITY_CRM_HOME to an open place such as /var/lib/utility_crm"
                )

    def _may_enter(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def make_home(home: Path, user: ServerUser) -> None:
    """Makes the server's home and what is missing above it.

    Root's is open for walking only (0711): its stand-in must pass, and nobody may look. A new parent gets
    0755 whatever the umask, an existing one keeps what it has.
    """
    try:
        for parent in reversed(home.parents):
            if not parent.exists():
                parent.mkdir(mode=0o755)
                parent.chmod(0o755)
        if not home.exists():
            home.mkdir(mode=0o700)
            home.chmod(0o711 if user.dropped else 0o700)
    except OSError as error:
        words = f"{error.filename} cannot be made here ({error.strerror}); set UTILITY_CRM_HOME"
        raise ServerUnreachable(words) from error
    if user.dropped:
        user.check_walk(home)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
