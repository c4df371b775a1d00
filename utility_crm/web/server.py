"""Serving the application: one process, on a port of its own or on a socket it was handed."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from utility_crm.kit.memory import settle


class Serving(uvicorn.Server):
    """Uvicorn, which waits for every response to end before it tells the application that it stops; responses
    that end when they are told (`app.state.leaving`) are told first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for leave in getattr(getattr(self.config.app, "state", None), "leaving", ()):
            leave()
        await super().shutdown(sockets)


def run(app: FastAPI, *, fd: int | None = None, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until told to stop (SIGINT, SIGTERM). With `fd` the socket is a parent's, already listening."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    settle()
    handed = [socket.socket(fileno=fd)] if fd is not None else None
    Serving(config).run(sockets=handed)
