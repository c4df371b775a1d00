"""Secrets that have to be read again, kept sealed by the installation's key.

AES-128-CBC with HMAC-SHA-256 (Fernet), under a key made from the secret of the settings or of the home by
HKDF (RFC 5869): who has the database alone reads none of them. With another secret they are lost.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from utility_crm.kit.errors import Refused


class Sealer:
    """Seals and opens under one key."""

    def __init__(self, secret: str) -> None:
        made = HKDF(SHA256(), 32, salt=None, info=b"utility_crm.sealing").derive(secret.encode())
        self._fernet = Fernet(urlsafe_b64encode(made))

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
