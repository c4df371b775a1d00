"""Addresses in letters at which customers reach us."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from notifications.channels import Letter
from notifications.consents.tokens import Leaving, unsubscription
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import Settings
from utility_crm.web.words import translator


def public_address(given: Settings) -> str | None:
    """Where customers reach this installation, without a slash at the end. The demo's letters stay here, so
    its own address will do; None: letters that leave have no address to lead to."""
    if given.public_url:
        return given.public_url.rstrip("/")
    return f"http://{given.host}:{given.port}" if given.mail_to == "mailbox" else None


def unsubscribe_address(given: Settings, leaving: Leaving) -> str | None:
    """Where one letter's reader ends it; None without a public address."""
    base = public_address(given)
    return None if base is None else f"{base}/unsubscribe/{unsubscription(signing_keys(), leaving)}"


def with_a_way_out(letter: Letter, address: str, language: str) -> Letter:
    """The letter with the address to unsubscribe at: for mail programs in its head, for people at its end."""
    _ = translator(language, "notifications")
    words = _("No more offers by email:")
    link = f'<p><small>{escape(words)} <a href="{escape(address)}">{escape(address)}</a></small></p>'
    body, closing, rest = letter.html.rpartition("</body>")
    html = f"{body}{link}\n{closing}{rest}" if closing else f"{rest}{link}\n"
    return replace(letter, text=f"{letter.text}\n{words}\n{address}\n", html=html, unsubscribe=address)
