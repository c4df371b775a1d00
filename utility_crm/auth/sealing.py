"""Secrets that have to be read again, kept sealed by the installation's key.

AES-128-CBC with HMAC-SHA-256 (Fernet), under a key made from the secret of the settings or of the home by
HKDF (RFC 5869): who has the database alone reads none of them. With another secret they are lost, unless the
one before it is said as well (`secret_keys_before`); a job then seals them anew (`reseal`).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Refused


class Sealer:
    """Seals under one key, the last; opens what any of them sealed."""

    def __init__(self, secret: str | Sequence[str]) -> None:
        secrets = [secret] if isinstance(secret, str) else list(reversed(secret))
        self._newest = _fernet(secrets[0])
        self._fernet = MultiFernet([self._newest, *map(_fernet, secrets[1:])])

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key sealed this."""
        try:
            self._newest.decrypt(sealed.encode("ascii"))
        except InvalidToken:
            return False
        return True

    def seal(self, text: str) -> str:
        """The text, sealed; never twice the same."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """The text. Refused where another key sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            words = "This was sealed with another secret key; it has to be set up again."
            raise Refused("sealed_elsewhere", words) from error


def _fernet(secret: str) -> Fernet:
    made = HKDF(SHA256(), 32, salt=None, info=b"utility_crm.sealing").derive(secret.encode())
    return Fernet(urlsafe_b64encode(made))


_SEALED = (
    ("second_factors", "user_id", "sealed"),
    ("webhook_subscriptions", "id", "secret"),
    ("webhook_subscriptions", "id", "old_secret"),
)
"""Where sealed secrets are kept: table, key, column."""


def reseal(session: Session, sealer: Sealer) -> int:
    """Seal anew, under the newest key, what an older one sealed; how many. What none of ours sealed is left
    as it is."""
    count = 0
    for table, key, column in _SEALED:
        rows = session.execute(
            text(
                f"select {key} as key, {column} as sealed from {table} where {column} is not null for update"
            )
        ).all()
        for row in rows:
            if sealer.is_newest(row.sealed):
                continue
            try:
                anew = sealer.seal(sealer.open(row.sealed))
            except Refused:
                continue
            session.execute(
                text(f"update {table} set {column} = :sealed where {key} = :key"),
                {"sealed": anew, "key": row.key},
            )
            count += 1
    return count
