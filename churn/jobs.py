"""What the clock calls: everybody is scored once a day, and once a week a model learns anew."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from churn.domain.drift import CAME_TRUE
from churn.domain.registry import RETRAIN_DAYS, RETRAIN_DRIFTED_DAYS
from churn.registered import last_attempt, last_run
from churn.registry_words import STATES, VERDICTS, WATCHED_WORDS
from utility_crm.kit.clock import today_in
from utility_crm.kit.module import Job
from utility_crm.kit.said import Said, said, together
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

HOUR_SECONDS = 3600
MOST_NEWS = 3
STATUS_WORDS = {"scored": mark("scored"), "unchanged": mark("unchanged")}


def score_everybody(session: Session, now: datetime) -> Said:
    """Score for today; repeated on the same day, it finds that done and changes nothing. Before the first
    model, learn one; where that was in vain, it is tried again the next day."""
    from churn.actions import score, train  # frames and models are loaded when there is work, not before

    today = _today(now)
    done = score(session, today, now)
    if done.status == "no_model":
        last = last_attempt(session)
        if last is not None and not last.learned and last.as_of == today:
            return _in_words("refused", last.why, today)
        trained = train(session, today, now)
        done = score(session, today, now)
        if done.model_id is None:
            return _in_words(trained.state, trained.why, today)
    run = last_run(session)
    counted = said(
        mark("%(status)s, %(customers)s customers as of %(as_of)s"),
        status=STATUS_WORDS[done.status],
        customers=done.customers,
        as_of=today,
    )
    return together([counted, *(_news(name) for name in (run.news if run else ())[:MOST_NEWS])])


def _news(name: str) -> Said:
    if name == CAME_TRUE:
        return said(mark("what was said did not come true"))
    return said(mark("the customers have changed in: %(fact)s"), fact=WATCHED_WORDS.get(name, name))


def learn_anew(session: Session, now: datetime) -> Said:
    """Make a challenger where the last model is a week old, or two days and the customers have changed since
    the champion learned; else say that it waits. A vain attempt is made again the next day."""
    today = _today(now)
    last = last_attempt(session)
    run = last_run(session)
    wait = RETRAIN_DRIFTED_DAYS if run is not None and run.news else RETRAIN_DAYS
    if last is not None and last.learned and (today - last.as_of).days < wait:
        return said(mark("a model learned as of %(as_of)s; the next waits its turn"), as_of=last.as_of)
    if last is not None and not last.learned and last.as_of == today:
        return _in_words("refused", last.why, today)
    from churn.actions import train

    done = train(session, today, now)
    return _in_words(done.state, done.why, today)


def _in_words(state: str, why: str, as_of: date) -> Said:
    return said(
        mark("%(state)s: %(why)s (as of %(as_of)s)"), state=STATES[state], why=VERDICTS[why], as_of=as_of
    )


def _today(now: datetime) -> date:
    known = settings()
    return known.as_of or today_in(known.timezone, now)


JOBS = (
    Job("churn.score", HOUR_SECONDS, score_everybody, mark("Score who may leave")),
    Job("churn.train", HOUR_SECONDS, learn_anew, mark("Learn anew who leaves")),
)
