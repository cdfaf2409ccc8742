"""One JSON object a line on stderr: ids and codes only, never what people wrote."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

# What anyone can cause from outside, by logger and the beginning of its message: libraries call it an error.
STRANGERS = {
    ("django.security.DisallowedHost", "Invalid HTTP_HOST"): "a request names a host that is not ours",
    ("uvicorn.error", "Invalid UTF-8 sequence"): "a socket sent text that is not UTF-8",
}


class Strangers(logging.Filter):
    """Makes such a line information: no traceback, and none of the stranger's words. ERROR is left for faults of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        for (name, beginning), words in STRANGERS.items():
            if record.name == name and str(record.msg).startswith(beginning):
                record.levelno, record.levelname, record.msg, record.args, record.exc_info = logging.INFO, "INFO", words, (), None
                return logging.getLogger().isEnabledFor(logging.INFO)
        return True


class JSONLines(logging.Formatter):
    """Level, logger, message and the `extra` fields named in `IDS`; a traceback shows places, not values."""

    IDS = ("room", "person", "seq", "code", "connection", "status", "ms", "count", "device", "fate", "why")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({k: str(record.__dict__[k]) for k in self.IDS if k in record.__dict__})
        if record.exc_info and record.exc_info[0]:
            # An exception's text may quote a row's values, so only its type and the places are kept.
            frames, tb = [], record.exc_info[2]
            while tb:
                frames.append(f"{tb.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{tb.tb_lineno}")
                tb = tb.tb_next
            line["error"], line["where"] = record.exc_info[0].__name__, frames[-8:]
        return json.dumps(line, ensure_ascii=False)
