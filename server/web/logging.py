"""The server's own log: structlog, JSON in production, one line a person can read in development. Secrets never pass, whoever logs them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import Processor

from server.web.redaction import masked, masked_text


def configure(*, environment: Literal["development", "production"], level: str) -> None:
    """For the whole process, the standard library's loggers included. Called once, by the program."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    if environment == "production":
        # No values of local variables in tracebacks: they would show what the masking hides.
        rendering: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(), mask_line]
    else:
        plain = structlog.dev.plain_traceback
        rendering = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain), mask_line]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def mask_secrets(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values under a telling name, at any depth."""
    shown: MutableMapping[str, Any] = masked(dict(event))
    return shown


def mask_line(logger: object, method: str, line: Any) -> str:
    """The last step, over the whole line with its traceback: what looks like a secret does not pass, under whatever name it came."""
    return masked_text(line)
