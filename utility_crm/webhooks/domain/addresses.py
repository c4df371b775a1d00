"""Where a webhook may go. Pure: the addresses behind a name are looked up elsewhere, and judged here.

A server that asks whatever address a person names can be made to ask its own house (server-side request
forgery; OWASP's cheat sheet on it). So an address is https, and every address behind its name belongs to the
whole world.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark

LONGEST_URL: Final = 500
_NOBODYS: Final = tuple(
    ip_network(one)
    for one in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
)
"""Addresses that lead to others: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380), and those that
protocols have among themselves (RFC 6890); and what once was private (site-local, RFC 3879)."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart. path: with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


def read_url(url: str, *, local: bool = False) -> Address:
    """The address of another system. Raises Invalid where it is none, is not https, or is an address of this
    machine or of a private network. local: those are allowed, and http, too."""
    typed = url.strip()
    refused = Invalid("webhook_url", mark("Give an address such as https://example.org/hook."), "url")
    if (
        not typed
        or len(typed) > LONGEST_URL
        or not typed.isascii()
        or not typed.isprintable()
        or " " in typed
    ):
        raise refused
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise refused from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise refused
    if parts.username is not None or parts.password is not None:
        raise Invalid("webhook_url", mark("Leave names and passwords out: what is sent is signed."), "url")
    if parts.scheme != "https" and not local:
        raise Invalid("webhook_url", mark("It has to begin with https://."), "url")
    if not local and not _may_be_public(parts.hostname):
        raise Invalid(
            "webhook_url", mark("That is an address of this machine or of a private network."), "url"
        )
    return Address(
        parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), _path(parts)
    )


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the whole world, and leads nowhere else."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        return _everybodys(known.ipv4_mapped)
    return _everybodys(known)


def _everybodys(known: IPv4Address | IPv6Address) -> bool:
    other = known.is_multicast or known.is_reserved or known.is_unspecified or known.is_loopback
    if other or known.is_link_local or known.is_private or not known.is_global:
        return False
    return not any(known in network for network in _NOBODYS)


def _may_be_public(host: str) -> bool:
    """A name may be: what stands behind it is known when it is asked. Without a dot it is of this house."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host.rstrip(".") and not host.rstrip(".").endswith(
            (".localhost", ".local", ".internal")
        )
    return is_public(host)


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
