"""The HTTP server: uvicorn with a deadline for the head of a request, and an end that drains."""

from __future__ import annotations

import asyncio
import socket
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from powerplan.errors import OutputError
from powerplan.service.app import make_app
from powerplan.service.context import Context
from powerplan.service.guard import HEAD_LIMIT_BYTES
from powerplan.service.log import log
from powerplan.service.settings import Settings

KEEP_ALIVE_S = 20
BACKLOG_COUNT = 512
LEAVE_S = 5
"""After a signal, requests that are being answered get so long."""


def protocol(head_deadline_s: float) -> type[H11Protocol]:
    """A protocol that closes connections whose request does not begin, or whose head does not end, in time."""

    class Deadlined(H11Protocol):
        """As uvicorn's, which waits for a head without end."""

        _timer: asyncio.TimerHandle | None = None
        _half_closed = False

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def eof_received(self) -> bool | None:  # type: ignore[override]
            """The other side sends no more: what it asked is answered still, but no stream goes on for it."""
            waits = self.cycle is not None and not self.cycle.response_complete
            asked = self.conn.their_state in (h11.DONE, h11.MUST_CLOSE)
            self._half_closed = waits and asked and not self.scope["path"].endswith("/events")
            return self._half_closed

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._half_closed:
                self.transport.close()
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._let_go()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """A timer runs exactly while the head of a request is incomplete."""
            if self.conn.their_state is not h11.IDLE or self.timeout_keep_alive_task is not None:
                self._let_go()
            elif self._timer is None:
                self._timer = self.loop.call_later(head_deadline_s, self._too_slow)

        def _too_slow(self) -> None:
            if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
                self.transport.abort()

        def _let_go(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Deadlined


class Server(uvicorn.Server):
    """A server whose event streams end when it is told to stop."""

    def __init__(self, config: uvicorn.Config, context: Context) -> None:
        super().__init__(config)
        self._context = context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where it listens: with port 0 nobody knew."""
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for one in server.sockets:
                host, port, *_ = one.getsockname()
                log("listening", host=host, port=port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests, end streams, drain."""
        self._context.draining = True
        self._context.news.close()
        super().handle_exit(sig, frame)


class AddressInUse(OutputError):
    """The address to listen on cannot be had."""


def run(settings: Settings) -> None:
    """Serve until a signal comes. Raises PowerplanError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG_COUNT)
    except OSError as error:
        raise AddressInUse(f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}; "
                           "choose another --port") from None
    with listening:
        _server(Context.open(settings)).run(sockets=[listening])


def _server(context: Context) -> Server:
    settings = context.settings
    config = uvicorn.Config(
        make_app(context), http=protocol(settings.head_deadline_s),
        ws="none", log_config=None, access_log=False, server_header=False, proxy_headers=False,
        limit_concurrency=settings.connection_count, timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=LEAVE_S, h11_max_incomplete_event_size=HEAD_LIMIT_BYTES, lifespan="on")
    return Server(config, context)
