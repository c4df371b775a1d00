"""A claimed notice in words, as a channel takes it."""

from __future__ import annotations

from notifications.channels import Letter, TryAgain, Undeliverable
from notifications.channels.thread import thread_in
from notifications.consents.links import unsubscribe_address, with_a_way_out
from notifications.consents.tokens import Leaving
from notifications.domain.lacking import one_line
from notifications.outbox.going_on import Claimed
from notifications.versions.in_force import FILES, Texts
from notifications.writing import Sender, Written, write
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings


def letter(one: Claimed, sender: Sender, words: Texts = FILES) -> Letter:
    """The claimed notice in words. Raises `Undeliverable` where a head would carry more than it should: no
    later try makes that right."""
    if not one_line(one.address):
        raise Undeliverable("the address has a line break in it")
    try:
        written: Written = write(
            one.notice,
            one.context,
            name=one.name,
            language=one.language,
            timezone=one.timezone,
            sender=sender,
            channel=one.channel,
            texts=words.texts,
        )
    except Invalid as error:
        if error.code == "notice_header":
            raise Undeliverable(error.message) from error
        raise
    plain = Letter(
        one.message_id, one.address, written.subject, written.text, written.html, one.channel,
        thread=thread_in(one.context),
    )  # fmt: skip
    return _ending(plain, one) if one.purpose == "marketing" and one.channel == "email" else plain


def _ending(plain: Letter, one: Claimed) -> Letter:
    """An offer, with its way out."""
    assert one.customer_id is not None  # offers go to customers alone
    address = unsubscribe_address(settings(), Leaving(one.customer_id, one.channel, one.id))
    if address is None:
        raise TryAgain("offers need an address to unsubscribe at: set public_url")
    return with_a_way_out(plain, address, one.language)
