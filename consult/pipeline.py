"""Prepared statements in one round trip, through libpq's pipeline.

psycopg's own pipeline makes a cursor of each statement, looks for it among those prepared, and waits several times: on the path of a post that
took more time than everything else a lane does (decision 8). What psycopg adapts, loads, waits for and raises is used as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, LiteralString

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import send
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

Statement = tuple[LiteralString, Sequence[Any]]
Rows = list[tuple[Any, ...]]

MOST = 200  # statements that one connection keeps prepared; the code has some forty
_FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY, "t": PyFormat.TEXT}
_numbers = count()


def run(line: psycopg.Connection[Any], statements: Sequence[Statement]) -> list[Rows]:
    """The rows of each statement. They share one implicit transaction unless they open one; one that fails fails those after it.

    Raises psycopg's error of the statement that failed; the connection can be used on. Whatever breaks the exchange itself closes it.
    """
    pg, tx = line.pgconn, Transformer(line)
    prepared: dict[Any, bytes] = vars(line).setdefault("_consult_prepared", {})
    ready = []
    for query, params in statements:  # what cannot be written as a parameter is told before anything is sent
        text, forms = _numbered(query)
        values = tx.dump_sequence(params, forms)
        ready.append(((query, tx.types), text, values, tx.formats))
    awaited: list[Any] = []  # what each answer is of: the key of a preparation, a statement (True), or nothing one asked for (None)
    new: dict[Any, bytes] = {}
    try:
        pg.enter_pipeline_mode()
        for key, text, values, formats in ready:
            name = prepared.get(key) or new.get(key)
            if name is None:
                if prepared and len(prepared) + len(new) >= MOST:
                    pg.send_query_params(b"DEALLOCATE " + prepared.pop(next(iter(prepared))), None)
                    awaited.append(None)
                new[key] = name = b"consult_%d" % next(_numbers)
                pg.send_prepare(name, text, key[1])
                awaited.append(key)
            pg.send_query_prepared(name, values, formats, Format.BINARY)
            awaited.append(True)
        pg.pipeline_sync()
        answers = line.wait(_exchange(pg))
        pg.exit_pipeline_mode()
    except BaseException:
        line.close()  # what is still on its way would be taken for the answer to something else
        raise
    rows: list[Rows] = []
    for of, answer in zip(awaited, answers, strict=True):
        if answer.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(answer, encoding=line.info.encoding)
        if of is True:
            tx.set_pgresult(answer)
            rows.append(tx.load_rows(0, answer.ntuples, tuple) if answer.nfields else [])
        elif of is not None:
            prepared[of] = new[of]
    return rows


def _exchange(pg: PGconn) -> PQGen[list[PGresult]]:
    """All is sent together, and only then waited for: at each wait a lane gives the interpreter away to a loop that is busy delivering."""
    yield from send(pg)
    answers: list[PGresult] = []
    between = False
    while True:
        while not pg.is_busy():
            answer = pg.get_result()
            if answer is None:  # once between one statement and the next; again where nothing comes any more
                if between:
                    raise psycopg.OperationalError("the connection broke in the middle of a pipeline")
                between = True
                continue
            if answer.status == ExecStatus.PIPELINE_SYNC:
                return answers
            between = False
            answers.append(answer)
        yield Wait.R
        pg.consume_input()


@lru_cache(1024)
def _numbered(query: LiteralString) -> tuple[bytes, list[PyFormat]]:
    """A statement with $1, $2 … in the place of %s, %b (binary) and %t (text), and how each is to be written; %% is a percent sign."""
    formats: list[PyFormat] = []

    def place(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        formats.append(_FORMATS[found[1]])
        return f"${len(formats)}"

    return re.sub("%([sbt%])", place, query).encode(), formats
