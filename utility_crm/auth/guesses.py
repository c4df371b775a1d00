"""Slowing down those who guess passwords.

Three counts of wrong tries, each over a quarter of an hour and in this process's memory:

1. a name from one address: five, then that name rests for that address. Others can sign in under it from
   elsewhere, so no stranger locks a colleague out;
2. an address, whatever names it tries: fifty, then the address rests. It limits trying one password on many
   names. An address is what the connection comes from (of IPv6 the /64 that one household has); behind a
   proxy that is the proxy, and the fifty are everybody's;
3. all of them together: from a hundred on every try waits two seconds. Nobody is refused for what others do;
   guessing from many addresses becomes slower, not impossible.

A try counts before the password is looked at, and is taken back if it was right: tries sent all at once are
counted all the same.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

TRIES = 5
TRIES_OF_AN_ADDRESS = 50
TRIES_OF_ALL = 100
SLOW_SECONDS = 2.0
PAUSE = timedelta(minutes=15)
REMEMBERED = 10_000


class Guesses:
    """Tries that were wrong, or are being looked at; bounded in number. Any thread may ask."""

    def __init__(self) -> None:
        self._names = _Tries(TRIES)
        self._addresses = _Tries(TRIES_OF_AN_ADDRESS)
        self._all: deque[datetime] = deque(maxlen=TRIES_OF_ALL)
        self._lock = Lock()

    def begin(self, login: str, address: str, now: datetime) -> datetime | None:
        """Counts a try that may go on (None); or says when the pause ends, and counts nothing."""
        place = _place(address)
        with self._lock:
            ends = [self._names.until((login, place), now), self._addresses.until(("", place), now)]
            if pauses := [end for end in ends if end is not None]:
                return max(pauses)
            self._names.add((login, place), now)
            self._addresses.add(("", place), now)
            self._all.append(now)
            return None

    def take_back(self, login: str, address: str, began: datetime, *, right: bool) -> None:
        """The try begun at `began` was no wrong one. The `right` password clears the name's slate, never the
        address's: who owns one name could guess at others for ever."""
        place = _place(address)
        with self._lock:
            self._names.remove((login, place), None if right else began)
            self._addresses.remove(("", place), began)
            if began in self._all:
                self._all.remove(began)

    def left(self, login: str, address: str, now: datetime) -> int:
        """How many tries this name has from here."""
        with self._lock:
            return self._names.left((login, _place(address)), now)

    def until(self, login: str, address: str, now: datetime) -> datetime | None:
        """When the pause of this name or this address ends; None while neither rests."""
        place = _place(address)
        with self._lock:
            ends = [self._names.until((login, place), now), self._addresses.until(("", place), now)]
        return max((end for end in ends if end is not None), default=None)

    def wait_seconds(self, now: datetime) -> float:
        """How long a try waits before it is looked at, since so many are wrong everywhere."""
        with self._lock:
            many = len(self._all) == TRIES_OF_ALL and now - self._all[0] < PAUSE
        return SLOW_SECONDS if many else 0.0


class _Tries:
    """When each key's last tries were. A key with `most` of them rests until PAUSE after the last."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._at: OrderedDict[tuple[str, str], list[datetime]] = OrderedDict()

    def until(self, key: tuple[str, str], now: datetime) -> datetime | None:
        at = self._fresh(key, now)
        return at[-1] + PAUSE if len(at) >= self.most else None

    def left(self, key: tuple[str, str], now: datetime) -> int:
        return max(0, self.most - len(self._fresh(key, now)))

    def add(self, key: tuple[str, str], now: datetime) -> None:
        self._at[key] = [*self._fresh(key, now), now]
        self._at.move_to_end(key)
        while len(self._at) > REMEMBERED:
            self._at.popitem(last=False)

    def remove(self, key: tuple[str, str], began: datetime | None) -> None:
        """One try, or all of them (None)."""
        at = self._at.pop(key, [])
        if began in at:
            at.remove(began)
        if began is not None and at:
            self._at[key] = at

    def _fresh(self, key: tuple[str, str], now: datetime) -> list[datetime]:
        """The tries that count at `now`: those of a pause stay together until it ends."""
        at = self._at.get(key, [])
        if len(at) >= self.most:
            return at if now - at[-1] < PAUSE else []
        return [one for one in at if now - one < PAUSE]


def _place(address: str) -> str:
    """Whom an address stands for."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # no IP connection: whatever it is called
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((known, 64), strict=False))
    return str(known)
