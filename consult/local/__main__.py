"""The command line: `python -m consult.local run|up|missing`."""

import argparse
import os
import signal
import sys

from .errors import LocalError, Stopped, say
from .places import Home
from .services import missing_wheels, services
from .stack import Wish, up
from .supervise import Child, Family


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    if options.command == "missing":
        print("\n".join(missing_wheels()))
        return 0
    try:
        with Family() as family:
            if options.command == "run":
                return run(family, options.words, throwaway=options.throwaway)
            wish = Wish(
                host=options.host,
                port=options.port,
                throwaway=options.throwaway,
                workers=options.workers,
                command=tuple(options.words),
            )
            return up(family, wish)
    except LocalError as error:
        say(str(error))
        return 1
    except Stopped as stopped:
        # `up` is meant to be stopped; a command that was cut short is not a success.
        return 0 if options.command == "up" and not options.words else 128 + stopped.signum


def run(family: Family, words: list[str], *, throwaway: bool, home: Home | None = None) -> int:
    """Runs a command beside the services, and ends with its exit code."""
    with services(family, throwaway=throwaway, home=home) as added:
        try:
            # In our group: it may need the terminal.
            child = family.start("the command", words, env={**os.environ, **added}, own_group=False)
        except FileNotFoundError:
            say(f"there is no command {words[0]}")
            return 127
        while True:
            try:
                return family.wait(child)
            except Stopped as stopped:
                _forward(family, child, stopped.signum)


def _forward(family: Family, child: Child, signum: int) -> None:
    """The command decides what a signal means; we stop when it has."""
    family.hear_again()
    if signum == signal.SIGINT and _from_terminal():
        return  # the terminal told the command already
    child.send(signum)


def _from_terminal() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m consult.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    running = commands.add_parser("run", help="run a command beside the services")
    running.add_argument("--throwaway", action="store_true", help="a new cluster without fsync, removed at the end")
    running.add_argument("words", nargs="+", metavar="CMD", help="the command, after --")

    whole = commands.add_parser("up", help="run Consult: services, migrations, demo, web, worker")
    whole.add_argument("--throwaway", action="store_true", help="on data that is removed at the end")
    whole.add_argument("--host", default="127.0.0.1")
    whole.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    whole.add_argument("--workers", type=int, default=None)
    whole.add_argument("words", nargs="*", metavar="CMD", help="run beside the ready stack, with CONSULT_URL set")

    commands.add_parser("missing", help="name the wheels to install for servers that this machine lacks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
