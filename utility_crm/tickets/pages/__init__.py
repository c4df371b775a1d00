"""The room of tickets: the queue, a ticket, a new one."""

from fastapi import APIRouter

from utility_crm.tickets import api
from utility_crm.tickets.pages import acts, articles, files, linking, queue, ticket, writing

router = APIRouter()
for part in (
    api.router,
    queue.router,
    writing.router,
    files.router,
    acts.router,
    linking.router,
    ticket.router,
    articles.router,
):
    router.include_router(part)
