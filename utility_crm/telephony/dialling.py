"""Calling by a click: one interface to whatever telephone system there is.

    POST <telephony_url>          Content-Type: application/json
    X-Timestamp, X-Signature      HMAC-SHA256 of "timestamp.body" under the shared secret, as for gateways
    {"extension": "201", "number": "+44...", "reference": "ucrm-..."}

It rings at `extension` and, once that is taken, calls `number`. 2xx: taken; {"call": "..."} is its own name
of the call, if it has one yet. The events that follow name that, or our `reference`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Protocol

from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import Settings
from utility_crm.kit.signature import signed
from utility_crm.web.words import mark

_SECONDS: Final = 5.0
_LONGEST_ANSWER: Final = 4096


class Dialler(Protocol):
    """What a telephone system is asked."""

    def dial(self, *, extension: str, number: str, reference: str) -> str:
        """Call the number from this extension; the system's own name of the call, empty where it has none
        yet. Raises Refused where it does not."""


@dataclass(frozen=True, slots=True)
class HttpDialler:
    """Any system behind a small HTTP adapter."""

    url: str
    secret: str

    def dial(self, *, extension: str, number: str, reference: str) -> str:
        body = json.dumps({"extension": extension, "number": number, "reference": reference}).encode()
        headers = {"content-type": "application/json", **signed(body, self.secret, utc_now())}
        try:
            with PoolManager(1, timeout=_SECONDS, retries=False) as pool:
                answer = pool.request(
                    "POST", self.url, body=body, headers=headers, redirect=False, preload_content=False
                )
                said = answer.read(_LONGEST_ANSWER)
        except HTTPError as error:
            words = mark("The telephone system does not answer. Dial %(number)s by hand.")
            raise Refused("no_telephony", words, None, number=number) from error
        if not 200 <= answer.status < 300:
            words = mark("The telephone system refused (%(status)s). Dial %(number)s by hand.")
            raise Refused("telephony_refused", words, None, status=answer.status, number=number)
        return _call_of(said)


def dialler_of(settings: Settings) -> Dialler | None:
    """The telephone system that is set; None where numbers are left to the browser (`tel:`)."""
    if not settings.telephony_url:
        return None
    return HttpDialler(settings.telephony_url, settings.telephony_secret or "")


def _call_of(said: bytes) -> str:
    try:
        told = json.loads(said or b"{}")
    except ValueError:
        return ""
    call = told.get("call", "") if isinstance(told, dict) else ""
    return call if isinstance(call, str) and len(call) <= 200 and call.isprintable() else ""
