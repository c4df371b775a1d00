"""Slowing down those who guess passwords, tokens or codes.

Three counts of wrong tries, each over a quarter of an hour, kept in the database: all processes share them
and a restart forgets none.

1. a name from one address: five, then that name rests for that address. Others can sign in under it from
   elsewhere, so no stranger locks a colleague out;
2. an address, whatever names it tries: fifty, then the address rests. It limits trying one password on many
   names. An address is what the connection comes from (of IPv6 the /64 that one household has); behind a
   proxy that is the proxy, and the fifty are everybody's, unless the setting `trusted_proxies` names it;
3. all of them together: from a hundred on every try waits two seconds. Nobody is refused for what others do;
   guessing from many addresses becomes slower, not impossible.

A try counts before the password is looked at, and is taken back if it was right: tries sent all at once are
counted all the same. Each function is a short unit of work of its own: its caller commits at once, so that
nobody waits for somebody else's password to be looked at.

Codes of the second factor are asked of who knows the password already: there the name counts from everywhere
(`place` is empty), and five wrong ones rest it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import Guess
from utility_crm.kit.said import said

TRIES = 5
TRIES_OF_AN_ADDRESS = 50
TRIES_OF_ALL = 100
SLOW_SECONDS = 2.0
PAUSE = timedelta(minutes=15)
LONGEST = 200
"""Characters of a name that is tried."""
_Key = tuple[str, str]
_ALL: _Key = ("", "")


@dataclass(frozen=True, slots=True)
class Guesses:
    """Tries of one kind: password, token, factor. everywhere: a name rests wherever it is tried from."""

    kind: str
    everywhere: bool = False

    def begin(self, session: Session, name: str, address: str, now: datetime) -> datetime | None:
        """Counts a try that may go on (None); or says when the pause ends, and counts nothing."""
        keys = self._keys(name, address)
        found = self._locked(session, [*keys, _ALL], now)
        if pauses := [end for key in keys if (end := until(found[key], _most(key), now)) is not None]:
            return max(pauses)
        for key, at in found.items():
            counted = at[1 - TRIES_OF_ALL :] if key == _ALL else fresh(at, _most(key), now)
            self._keep(session, key, [*counted, now], now)
        return None

    def take_back(self, session: Session, name: str, address: str, began: datetime, *, right: bool) -> None:
        """The try begun at `began` was no wrong one. The `right` password clears the name's slate, never the
        address's: who owns one name could guess at others for ever."""
        keys = self._keys(name, address)
        for key, at in self._locked(session, [*keys, _ALL], began).items():
            left = [] if right and key == keys[0] else _without(at, began)
            self._keep(session, key, left, began)

    def standing(
        self, session: Session, name: str, address: str, now: datetime
    ) -> tuple[int, datetime | None]:
        """How many tries this name has from here; and when its pause, or the address's, ends (or None)."""
        keys = self._keys(name, address)
        rows = session.execute(
            select(Guess.name, Guess.place, Guess.at).where(
                Guess.kind == self.kind, tuple_(Guess.name, Guess.place).in_(keys)
            )
        )
        found = {(row.name, row.place): row.at for row in rows}
        left = max(0, TRIES - len(fresh(found.get(keys[0], []), TRIES, now)))
        ends = [until(found.get(key, []), _most(key), now) for key in keys]
        return left, max((end for end in ends if end is not None), default=None)

    def wait_seconds(self, session: Session, now: datetime) -> float:
        """How long a try waits before it is looked at, since so many are wrong everywhere."""
        at = session.scalar(
            select(Guess.at).where(Guess.kind == self.kind, Guess.name == "", Guess.place == "")
        )
        many = at is not None and len(at) >= TRIES_OF_ALL and now - at[0] < PAUSE
        return SLOW_SECONDS if many else 0.0

    def clear(self, session: Session, name: str) -> None:
        """Forgets the wrong tries under a name, wherever they came from: an admin vouches for it."""
        session.execute(delete(Guess).where(Guess.kind == self.kind, Guess.name == name[:LONGEST]))

    def _keys(self, name: str, address: str) -> list[_Key]:
        """The name's own key, then the address's, where there is one."""
        short = name[:LONGEST] or "-"
        if self.everywhere:
            return [(short, "")]
        place = place_of(address)
        return [(short, place), ("", place or "-")]

    def _locked(self, session: Session, keys: Sequence[_Key], now: datetime) -> dict[_Key, list[datetime]]:
        """The tries of these keys, which are ours until the unit of work ends; locked in one order."""
        made = insert(Guess).values(
            [{"kind": self.kind, "name": n, "place": p, "at": [], "last_at": now} for n, p in sorted(keys)]
        )
        taken = made.on_conflict_do_update(
            index_elements=[Guess.kind, Guess.name, Guess.place], set_={"at": Guess.at}
        ).returning(Guess.name, Guess.place, Guess.at)
        return {(row.name, row.place): list(row.at) for row in session.execute(taken)}

    def _keep(self, session: Session, key: _Key, at: list[datetime], now: datetime) -> None:
        session.execute(
            update(Guess)
            .where(Guess.kind == self.kind, Guess.name == key[0], Guess.place == key[1])
            .values(at=at, last_at=func.greatest(Guess.last_at, now))
        )


PASSWORDS = Guesses("password")
TOKENS = Guesses("token")
FACTORS = Guesses("factor", everywhere=True)
PROOFS = Guesses("proof", everywhere=True)
"""The password, asked again of somebody signed in."""


def fresh(at: Sequence[datetime], most: int, now: datetime) -> list[datetime]:
    """The tries that count at `now`: those of a pause stay together until it ends."""
    if len(at) >= most:
        return list(at) if now - at[-1] < PAUSE else []
    return [one for one in at if now - one < PAUSE]


def until(at: Sequence[datetime], most: int, now: datetime) -> datetime | None:
    """When the pause of a key with these tries ends; None while it has none."""
    counted = fresh(at, most, now)
    return counted[-1] + PAUSE if len(counted) >= most else None


def _most(key: _Key) -> int:
    if key == _ALL:
        return TRIES_OF_ALL
    return TRIES if key[0] else TRIES_OF_AN_ADDRESS


def _without(at: list[datetime], began: datetime) -> list[datetime]:
    if began in at:
        at.remove(began)
    return at


def forget_guesses(session: Session, now: datetime) -> str:
    """What the clock calls: tries that count no longer."""
    gone = session.execute(delete(Guess).where(Guess.last_at < now - 2 * PAUSE).returning(Guess.kind))
    return said("%(gone)s places of wrong tries forgotten", gone=len(gone.all()))


def place_of(address: str) -> str:
    """Whom an address stands for."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST]  # no IP connection: whatever it is called
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((known, 64), strict=False))
    return str(known)
