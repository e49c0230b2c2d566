"""Structured logs: one JSON object a line, with request and job ids, and never with personal data."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

HIDDEN = frozenset(
    {"phone", "name", "email", "inn", "password", "token", "code", "authorization", "cookie", "to", "text"}
)


def configure(level: str) -> None:
    """Send our own lines and the libraries' through one JSON renderer to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_personal_data,
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "rq.worker", "rq.scheduler", "fontTools"):
        logging.getLogger(noisy).setLevel("WARNING")


def _hide_personal_data(_logger: Any, _method: str, event: Any) -> Any:
    for key in HIDDEN & event.keys():
        event[key] = "hidden"
    return event
