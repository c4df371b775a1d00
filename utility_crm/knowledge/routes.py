"""All routes of the room; those of writing come first, since `/knowledge/new` looks like an article."""

from __future__ import annotations

from fastapi import APIRouter

from utility_crm.knowledge import pages, public_pages, writing_pages

router = APIRouter()
router.include_router(writing_pages.router)
router.include_router(pages.router)
router.include_router(public_pages.router)
