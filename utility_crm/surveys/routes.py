"""The routes of surveys: the room, and what customers see."""

from __future__ import annotations

from fastapi import APIRouter

from utility_crm.surveys import pages, public_pages

router = APIRouter()
router.include_router(pages.router)
router.include_router(public_pages.router)
