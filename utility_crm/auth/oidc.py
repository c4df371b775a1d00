"""A client of an identity provider: OpenID Connect Core 1.0, the authorization code flow with PKCE (RFC
7636).

    start ──> provider's page ──> back with a code ──> token ──> who (issuer, subject)

A token is believed if a key of the provider signed it with one of ALGORITHMS, it is by the issuer that is
set, for us, not past, and carries the nonce that this browser was sent away with. The issuer's own
description has to name exactly that issuer. Nothing is followed elsewhere, nothing is read beyond a megabyte.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import Settings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
"""Public keys alone: with none or HMAC anybody who knows the client could sign."""
LEEWAY_SECONDS = 60
_KEPT = timedelta(hours=1)
_MOST_BYTES = 2**20
_TIMEOUT = Timeout(connect=5, read=10)


@dataclass(frozen=True, slots=True)
class Journey:
    """A browser sent to the provider: what it must bring back. purpose: enter, again or link."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    purpose: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Outsider:
    """Whom the provider means. authenticated_at: when it last asked for proof, where it says so."""

    issuer: str
    subject: str
    name: str
    called: str
    authenticated_at: datetime | None


def new_journey(wanted: str, purpose: str, user_id: int) -> Journey:
    """Fresh secrets of one sign-in: state, nonce and PKCE verifier, 256 bits each."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Journey(state, nonce, verifier, wanted, purpose, user_id)


@dataclass(slots=True)
class Provider:
    """The provider of the settings. Its description and keys are fetched when needed and kept for an hour."""

    issuer: str
    client_id: str
    client_secret: str
    back: str
    name: str
    _http: PoolManager = field(default_factory=lambda: PoolManager(2, timeout=_TIMEOUT, retries=False))
    _lock: Lock = field(default_factory=Lock)
    _known: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _until: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def start(self, journey: Journey, now: datetime) -> str:
        """Where the browser goes. Raises Refused where the provider does not answer as it should."""
        challenge = urlsafe_b64encode(sha256(journey.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "scope": "openid profile email",
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if journey.purpose != "enter":
            query |= {"prompt": "login", "max_age": "0"}
        address = str(self._described(now)["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def outsider(self, journey: Journey, code: str, now: datetime) -> Outsider:
        """Who came back with this code. Raises Refused where anything about the token is not as it must
        be."""
        token = self._token(journey, code, now)
        claims = self._claims(token, now)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": journey.nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise _not_believed(error) from error
        audience = claims["aud"]
        if not isinstance(audience, str) and audience != [self.client_id]:
            raise _not_believed("it is for others, too")
        proved = claims.get("auth_time")
        at = datetime.fromtimestamp(proved, UTC) if isinstance(proved, int) else None
        if journey.purpose != "enter" and (at is None or at < now - timedelta(minutes=5)):
            raise _not_believed("it does not say that they showed just now who they are")
        called = str(claims.get("email") or claims.get("preferred_username") or "")
        return Outsider(self.issuer, str(claims["sub"]), str(claims.get("name") or called), called, at)

    def _token(self, journey: Journey, code: str, now: datetime) -> str:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": self.client_id,
            "code_verifier": journey.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self.client_secret:
            pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
            headers |= make_headers(basic_auth=pair)
        told = self._asked("POST", str(self._described(now)["token_endpoint"]), headers, urlencode(fields))
        token = told.get("id_token")
        if not isinstance(token, str):
            raise _not_believed("it has no id_token")
        return token

    def _claims(self, token: str, now: datetime) -> dict[str, Any]:
        """What a token says, if one of the provider's keys signed it; new keys are looked for once."""
        for again in (False, True):
            try:
                return dict(jwt.decode(token, self._signing(now, again), algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                if again:
                    raise _not_believed(error) from error
        raise AssertionError("unreachable")

    def _signing(self, now: datetime, again: bool) -> KeySet:
        described = self._described(now)
        with self._lock:
            if self._keys is None or again:
                told = self._asked("GET", str(described["jwks_uri"]))
                try:
                    self._keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise _not_believed(error) from error
            return self._keys

    def _described(self, now: datetime) -> dict[str, Any]:
        with self._lock:
            if now >= self._until:
                told = self._asked("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                scheme = urlsplit(self.issuer).scheme
                ends = [told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
                ours = all(isinstance(one, str) and urlsplit(one).scheme == scheme for one in ends)
                if told.get("issuer") != self.issuer or not ours:
                    raise _not_believed("it describes another issuer")
                self._known, self._keys, self._until = told, None, now + _KEPT
            return self._known

    def _asked(
        self, method: str, address: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> dict[str, Any]:
        try:
            answer = self._http.request(
                method, address, headers=headers, body=body, redirect=False, preload_content=False
            )
            data = answer.read(_MOST_BYTES)
            answer.release_conn()
            told = json.loads(data) if answer.status == 200 else None
        except (HTTPError, ValueError) as error:
            raise _not_believed(error) from error
        if not isinstance(told, dict):
            raise _not_believed(f"it answered {answer.status}")
        return told


def provider_of(known: Settings) -> Provider | None:
    """The provider that is set, or none."""
    if not known.oidc_issuer or not known.public_url:
        return None
    return Provider(
        known.oidc_issuer,
        known.oidc_client_id,
        known.oidc_client_secret or "",
        known.public_url.rstrip("/") + "/sign-in/outside/back",
        known.oidc_name or urlsplit(known.oidc_issuer).netloc,
    )


def _not_believed(why: object) -> Refused:
    """What is wrong goes into the log by its caller; a person is told no more than that it did not work."""
    error = Refused("outside_not_believed", "The identity provider's answer was not believed. Try again.")
    error.add_note(str(why))
    return error
