"""The routes of campaigns: the room, the telephone list, the customer's page, and what customers see."""

from __future__ import annotations

from fastapi import APIRouter

from churn.campaigns import changing_pages, desk_pages, pages, public_pages

router = APIRouter()
router.include_router(pages.router)
router.include_router(changing_pages.router)
router.include_router(desk_pages.router)
router.include_router(public_pages.router)
