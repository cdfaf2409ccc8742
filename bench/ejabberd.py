"""ejabberd with a multi-user room archived in PostgreSQL: Debian's packages, unpacked into .bench/, nothing installed on the machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from . import debian
from .stack import CHECKOUT, COMMANDS, FOLDER, POSTGRES_PORT, Stack

PACKAGES = ["ejabberd", "erlang-p1-pgsql"]
HOME = FOLDER / "ejabberd"
ROOT = HOME / "root"


def install() -> None:
    if not (ROOT / "usr" / "sbin" / "ejabberdctl").exists():
        debian.unpack(PACKAGES, HOME)


def version() -> str:
    return next(p.name.split("-")[1] for p in (ROOT / "usr" / "lib" / "x86_64-linux-gnu").glob("ejabberd-*"))


def command(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    install()
    _database(stack)
    spool = HOME / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir()
    text = (CHECKOUT / "bench" / "peers" / "ejabberd" / "ejabberd.yml").read_text()
    config = HOME / "ejabberd.yml"
    config.write_text(text.replace("@PORT@", str(port)).replace("@POSTGRES@", str(POSTGRES_PORT)))
    erlang = ROOT / "usr" / "lib" / "erlang"
    erts = next(erlang.glob("erts-*"))
    ebin = next((ROOT / "usr" / "lib").glob("*/ejabberd-*/ebin"))
    env = {
        "ROOTDIR": str(erlang),
        "BINDIR": str(erts / "bin"),
        "EMU": "beam",
        "PROGNAME": "erl",
        "HOME": str(HOME),
        "EJABBERD_CONFIG_PATH": str(config),
        "EJABBERD_LOG_PATH": str(HOME / "ejabberd.log"),
        "SPOOL_DIR": str(spool),
        "EJABBERD_SQL_PATH": str(ROOT / "usr/share/ejabberd/sql"),
        "LD_LIBRARY_PATH": str(ROOT / "usr/lib/x86_64-linux-gnu"),
    }
    words = [
        str(erts / "bin" / "erlexec"),
        "-noinput",
        "-boot",
        str(erlang / "bin" / "start_clean"),
        "-pa",
        str(ebin),
        "+K",
        "true",
        "+P",
        "250000",
        "-mnesia",
        "dir",
        f'"{spool}"',
    ]
    return [*words, "-s", "ejabberd"], env, HOME


def _database(stack: Stack) -> None:
    """Its own database in the same cluster, with its own schema."""
    url = stack.env["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as line:
        if line.execute("SELECT 1 FROM pg_database WHERE datname = 'ejabberd'").fetchone():
            return
        line.execute("CREATE DATABASE ejabberd")
    with psycopg.connect(url, dbname="ejabberd", autocommit=True) as line:
        line.execute((ROOT / "usr" / "share" / "ejabberd" / "sql" / "pg.sql").read_text())


COMMANDS["ejabberd"] = command
