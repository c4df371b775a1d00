"""Taking a posted form: do it and say what was done, or show the same page again with what stands in the way.

@router.post("/customers/{customer_id}/promises")
def promise(request: Request, customer_id: int, posted: Posting) -> Response:
    with visit(request, "money.arrange") as v:

        def act() -> Response:
            amount, due_on = posted.field("amount", typed_amount), posted.day("due_on")
            posted.sure(doubt_if_more_than_owed, do=_("Keep it all the same"))
            take_promise(v.session, account, amount.value, due_on.value, ...)
            return v.done(_("Promise of £20.00 by 27 Nov kept."), f"/customers/{customer_id}", ask="owe")

        return handled(v, posted, "promise", act, lambda: page_of(v, customer_id, "owe"))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from utility_crm.kit.errors import CareError, Conflict, NotFound, Refused
from utility_crm.web.forms import SURE, AskedBack, FieldsWrong, Form, Posted
from utility_crm.web.visit import Visit

MOST_FIELDS = 20_000
"""Boxes of a long list; the body's size is limited anyway."""


async def read_posted(request: Request) -> AsyncIterator[Posted]:
    """The form in a request's body; one that is none has no fields."""
    async with request.form(max_fields=MOST_FIELDS) as sent:
        texts: dict[str, list[str]] = {}
        files: dict[str, UploadFile] = {}
        every: dict[str, list[UploadFile]] = {}
        for name, value in sent.multi_items():
            if isinstance(value, str):
                texts.setdefault(name, []).append(value.replace("\0", ""))  # no text of a database has it
            else:
                files[name] = value
                every.setdefault(name, []).append(value)
        request.state.typed_in = texts  # whose the things are that it names, `visit` asks
        held = {name: tuple(found) for name, found in every.items()}
        yield Posted({name: tuple(found) for name, found in texts.items()}, files, every_file=held)


@dataclass(frozen=True, slots=True)
class CameFrom:
    """Where a form of the customer page's key bar stood: under the key `act`, over the question `ask`."""

    ask: str
    act: str


Posting = Annotated[Posted, Depends(read_posted, scope="function")]
"""The parameter of a route that takes a form."""


class Forms(Protocol):
    """What is kept about forms around their acts (`app.state.forms`)."""

    def begun(self, v: Visit, posted: Posted) -> Response | None:
        """The answer to a form that was done before."""

    def done(self, v: Visit, posted: Posted, response: Response) -> None:
        """It is done."""


def handled(
    v: Visit,
    posted: Posted,
    name: str,
    act: Callable[[], Response],
    page: Callable[[], Response],
    *,
    back: str = "",
) -> Response:
    """What `act` answers, in most cases `v.done(...)`; where it refuses or asks back, `page` with the form of
    this `name` as it was typed.

    What `act` wrote is undone when it raises. back: where the person goes who leaves the form. Shown again:
    Invalid, Conflict, Refused, and NotFound of a thing that was typed (its `where` is a field); any other
    error goes on to the error pages.

    A form that stands below the strip sends its key as `do` and the question over which it was opened as
    `ask`: it comes back there, and so does the person when it is done.

    A form that is sent again as it was, since no answer to it came, is not done twice (`live.done_forms`).
    """
    name, back = over_the_question(v, posted, name, back)
    try:
        with v.session.begin_nested():
            return _once(v, posted, act)
    except AskedBack as asked:
        form = Form(name, _typed(posted), question=asked.question, back=back)
        return _again(v, form, page, 200)
    except NotFound as error:
        if error.where not in posted.values:
            raise
        return shown_again(v, posted, name, error, page, back=back)
    except CareError as error:
        return shown_again(v, posted, name, error, page, back=back)


class _Free(Exception):
    """Nothing stands in the way of a form's work."""


def asked_first(
    v: Visit,
    posted: Posted,
    name: str,
    ask: Callable[[], None],
    page: Callable[[], Response],
    *,
    back: str = "",
) -> Response | None:
    """As `handled`, for work in units of work of its own, after this visit: what to answer where `ask`
    refuses or asks back, or the form was done before; None where the work may begin.

    The form does not count as done by that, and may be sent again where the work breaks off: `finished` says
    that it is done, in the visit that answers.
    """

    def act() -> Response:
        ask()
        raise _Free  # it undoes the claim

    try:
        return handled(v, posted, name, act, page, back=back)
    except _Free:
        return None


def begun(v: Visit, posted: Posted) -> Response | None:
    """Claim a form that `handled` does not take: the answer to one that was claimed before, None for a new
    one. Committed, it holds: the form does nothing more, whatever becomes of its first answer."""
    forms: Forms = v.request.app.state.forms
    return forms.begun(v, posted)


def finished(v: Visit, posted: Posted, answer: Callable[[], Response]) -> Response:
    """The form is done: sent again, it leads where this answer does, and does nothing."""
    forms: Forms = v.request.app.state.forms
    forms.begun(v, posted)  # of two that worked at once each says what it did itself
    response = answer()
    forms.done(v, posted, response)
    return response


def let_go(v: Visit, posted: Posted) -> None:
    """What was claimed failed: the form may be sent again."""
    forms: Forms = v.request.app.state.forms
    forms.done(v, posted, Response(status_code=409))


def _once(v: Visit, posted: Posted, act: Callable[[], Response]) -> Response:
    forms: Forms = v.request.app.state.forms
    before = forms.begun(v, posted)
    if before is not None:
        return before
    response = act()
    forms.done(v, posted, response)
    return response


def over_the_question(v: Visit, posted: Posted, name: str, back: str) -> tuple[str, str]:
    """A form's name, and where one goes who leaves it; of one below the strip, which comes back there, its
    name there and the question over which it stood."""
    if not posted.text("do"):
        return name, back
    v.request.state.came_from = CameFrom(posted.text("ask"), posted.text("do"))
    return f"act-{name}", _page_of(back or v.request.url.path, posted.text("ask"))


def _page_of(path: str, ask: str) -> str:
    """The customer's page over a question, for a path that begins with it."""
    own = "/".join(path.partition("?")[0].split("/")[:3])
    return f"{own}?ask={quote(ask)}" if ask else own


def shown_again(
    v: Visit, posted: Posted, name: str, error: CareError, page: Callable[[], Response], *, back: str = ""
) -> Response:
    """The page with a refused form: 409 where it clashes or a rule forbids it, else 422."""
    wrong = error.errors if isinstance(error, FieldsWrong) else {_place(error, posted): error}
    errors = {where: v.said(one) for where, one in wrong.items()}
    status = 409 if isinstance(error, Conflict | Refused) else 422
    return _again(v, Form(name, _typed(posted), errors, back=back), page, status)


def _again(v: Visit, form: Form, page: Callable[[], Response], status: int) -> Response:
    v.request.state.form = form  # every template sees it as `form`
    response = page()
    response.status_code = status
    return response


def _typed(posted: Posted) -> dict[str, tuple[str, ...]]:
    return {name: texts for name, texts in posted.values.items() if name != SURE}


def _place(error: CareError, posted: Posted) -> str:
    """The field that an error is about, or none."""
    where = error.where or ""
    return where if where in posted.values or where in posted.files else ""
