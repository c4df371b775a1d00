"""All routes of the room; the calendar's come first, since their addresses begin as a task's do."""

from __future__ import annotations

from fastapi import APIRouter

from utility_crm.tasks import calendar_pages, pages

router = APIRouter()
router.include_router(calendar_pages.router)
router.include_router(pages.router)
