"""The pages of ops: a file a subject; a router that is included here is there."""

from fastapi import APIRouter

from meters.pages import feeds, findings, silent_csv

router = APIRouter()
router.include_router(findings.router)
router.include_router(silent_csv.router)
router.include_router(feeds.router)

__all__ = ["router"]
