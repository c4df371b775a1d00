"""Words of campaigns that are used in several places."""

from __future__ import annotations

from utility_crm.web.words import mark

PACKAGE = "churn.campaigns"
KIND_WORDS = {
    "tariff": mark("Another tariff"),
    "green": mark("Green energy"),
    "efficiency": mark("Using less"),
    "retention": mark("Staying with us"),
}
OFFER_WORDS = {
    "tariff": mark("Change of tariff"),
    "green": mark("Green tariff"),
    "audit": mark("Energy audit at home"),
    "two_rate": mark("Two-rate meter and tariff"),
    "points": mark("Loyalty points"),
    "discount": mark("Credit on the next bill"),
}
KIND_OF = {
    "tariff": "tariff",
    "green": "green",
    "audit": "efficiency",
    "two_rate": "efficiency",
    "points": "retention",
    "discount": "retention",
}
"""The kind of campaign that an offer belongs to."""
OF_TARIFF = ("tariff", "green", "two_rate")
BY_SAVING = ("tariff", "two_rate")
"""Offers of which the point is money saved."""
OF_AMOUNT = ("discount", "points")
STATE_WORDS = {
    "draft": mark("draft"),
    "running": mark("running"),
    "stopped": mark("stopped"),
    "finished": mark("finished"),
}
STATE_TONES = {"draft": "wait", "running": "now", "stopped": "warn", "finished": "ok"}
WAY_WORDS = {
    "notice": mark("e-mail or text message"),
    "prompt": mark("the agent brings it up when they call"),
    "call": mark("we call them"),
}
CHANNEL_WORDS = {
    "email": mark("E-mail"),
    "sms": mark("Text message"),
    "letter": mark("Letter"),
    "messenger": mark("Messenger"),
    "push": mark("App"),
    "": mark("Not written to"),
    "unknown": mark("By a way no longer known"),
}
SEGMENT_WORDS = {
    "household": mark("Households"),
    "small_business": mark("Small businesses"),
    "industry": mark("Industry"),
}
REASON_WORDS = {
    "ends": mark("their supply is about to end"),
    "on_it": mark("they are on that tariff already"),
    "died": mark("they have died"),
    "complaint": mark("a complaint is open: care first"),
    "debt": mark("a bill is late: care first"),
    "vulnerable": mark("they need particular care: care first"),
    "care": mark("a complaint, a late bill or a need of particular care comes first"),
    "not_theirs": mark("they cannot be on that tariff: it is not for them, or not sold by then"),
    "answered": mark("they were kept twice, and answered already"),
    "saving_unknown": mark("not known what they would save: too few readings, or the tariff is not for them"),
    "dearer": mark("they would pay more"),
    "another_offer": mark("another campaign of this kind, or with this tariff, has drawn them"),
    "offered_lately": mark("they were drawn often enough lately"),
    "no_consent": mark("they did not agree to offers"),
    "no_call_consent": mark("they did not agree to be called with offers"),
    "no_address": mark("no way to reach them"),
    "no_channel": mark("no way to reach them that we have"),
    "suppressed": mark("their address is closed"),
    "consent_withdrawn": mark("they withdrew their consent"),
    "too_late": mark("it would come too late"),
    "no_longer_true": mark("it was taken back"),
    "dropped": mark("a person decided against it"),
    "over_budget": mark("the budget is spent"),
}
VERDICT_WORDS = {
    "works": mark("works"),
    "harms": mark("does harm"),
    "early": mark("too early to say"),
    "none": mark("no effect seen"),
    "counted": mark("counted"),
    "unseen": mark("could not be seen"),
}
VERDICT_CLASSES = {"works": "yes", "harms": "no", "early": "early", "none": "", "counted": "", "unseen": ""}
EVENT_WORDS = {
    "made": mark("Drafted"),
    "changed": mark("Changed"),
    "launched": mark("Began"),
    "sent": mark("Sent"),
    "budget": mark("Budget is spent"),
    "stopped": mark("Stopped"),
    "finished": mark("Finished"),
}
CALL_WORDS = {
    "talked": mark("talked to them"),
    "no_answer": mark("no answer"),
    "wrong_number": mark("wrong number"),
    "do_not_call": mark("do not call again"),
}
ANSWER_WORDS = {"accepted": mark("accepted"), "declined": mark("declined"), "not_now": mark("not now")}
