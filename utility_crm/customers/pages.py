"""The search and the customer page."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
