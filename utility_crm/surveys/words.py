"""Words for what is stored as a word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from utility_crm.web.words import mark

QUESTION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "csat": mark("Satisfaction, 1 to 5"),
        "nps": mark("Recommendation, 0 to 10"),
        "none": mark("Nothing is asked"),
    }
)
CSAT_WORDS: Mapping[int, str] = MappingProxyType(
    {
        1: mark("very dissatisfied"),
        2: mark("dissatisfied"),
        3: mark("neither nor"),
        4: mark("satisfied"),
        5: mark("very satisfied"),
    }
)
REASON_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "died": mark("the customer has died"),
        "open_complaint": mark("a complaint of theirs is open"),
        "nothing_said": mark("we never answered them in it"),
        "no_rule": mark("no rule asks about it, or the draw fell on others"),
        "asked_lately": mark("they were asked not long ago"),
        "reopened": mark("it was opened again before the letter left"),
        "merged": mark("it went into another ticket"),
        "nobody_sends": mark("nothing is installed here that sends letters"),
        "no_public_url": mark("no address is set under which customers reach us"),
        "no_address": mark("we have no address to send it to"),
        "consent_withdrawn": mark("they asked us not to write this way"),
        "no_consent": mark("they did not agree to be asked"),
        "suppressed": mark("nothing is sent to that address any more"),
        "too_late": mark("no decent hour came in time"),
        "no_longer_true": mark("it was no longer due when the letter was about to leave"),
        "dropped": mark("a person decided against it"),
        "no_channel": mark("nothing is set up here to send it that way"),
        "bounced": mark("the letter came back"),
        "not_taken": mark("the letter could not be handed over"),
    }
)
STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "queued": mark("on its way"),
        "sent": mark("sent, no answer yet"),
        "not_asked": mark("not asked"),
        "withdrawn": mark("taken back"),
    }
)
