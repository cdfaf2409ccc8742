"""`run`: a command beside real servers, whatever ends it, and the next start."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from consult.local import places

from .conftest import HAS_PROC, Checkout, end, eventually, make_checkout

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_PROC, reason="looks for survivors in /proc")]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="root alone changes accounts")


def test_a_command_gets_both_urls_and_its_exit_code_is_ours(checkout: Checkout) -> None:
    code, out, _ = checkout.python("import json, os, sys; print(json.dumps(dict(os.environ))); sys.exit(7)", throwaway=True)
    env = json.loads(out)
    assert code == 7
    assert env["DATABASE_URL"].startswith("postgresql://consult@/consult?host=/")
    assert env["REDIS_URL"].startswith("unix:///")
    assert env["CONSULT_LOCAL"] == "1"
    assert len(env["SECRET_KEY"]) >= 50
    assert checkout.nobody_left()


def test_a_throwaway_cluster_does_not_sync_and_goes_away(checkout: Checkout) -> None:
    code, out, err = checkout.python(
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
        "    for name in ('fsync', 'data_directory', 'listen_addresses'):\n"
        "        print(c.execute('SELECT current_setting(%s)', [name]).fetchone()[0])\n",
        throwaway=True,
    )
    assert code == 0, err
    fsync, folder, addresses = out.split("\n")[:3]
    assert (fsync, addresses) == ("off", "")
    assert not Path(folder).parent.exists()
    assert not (checkout.path / ".local/postgres").exists()


SETTINGS = """
import os, psycopg
with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as c:
    for name in ('pg_trgm', 'unaccent', 'citext', 'btree_gin'):
        c.execute(f'CREATE EXTENSION IF NOT EXISTS {name}')
    print(*c.execute("SELECT current_setting('fsync'), current_setting('server_encoding'), current_setting('max_connections'), lower('ÉTÉ'), unaccent('élève')").fetchone())
"""


def test_a_kept_cluster_syncs_survives_and_has_what_we_need(checkout: Checkout) -> None:
    assert checkout.sql("CREATE TABLE kept AS SELECT 41 + 1 AS n") == "done"
    code, out, err = checkout.python(SETTINGS)
    assert code == 0, err
    assert out.split() == ["on", "UTF8", "200", "été", "eleve"]
    assert checkout.sql("SELECT n FROM kept") == "42"


def test_the_secret_key_is_private_and_stays(checkout: Checkout) -> None:
    show = "import os; print(os.environ['SECRET_KEY'])"
    first, second = checkout.python(show)[1], checkout.python(show)[1]
    assert first == second
    assert stat.S_IMODE((checkout.path / ".local/secret_key").stat().st_mode) == 0o600


def test_what_the_environment_names_is_not_started(checkout: Checkout) -> None:
    code, out, err = checkout.python(
        "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], os.environ['SECRET_KEY'])",
        DATABASE_URL="postgresql://elsewhere/db",
        REDIS_URL="redis://elsewhere",
        SECRET_KEY="given",
    )
    assert (code, err) == (0, "")
    assert out.strip() == "postgresql://elsewhere/db redis://elsewhere given"
    assert not (checkout.path / ".local/postgres").exists()


def test_only_the_missing_one_is_started(checkout: Checkout) -> None:
    code, out, _ = checkout.python(
        "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])",
        DATABASE_URL="postgresql://elsewhere/db",
    )
    assert code == 0
    assert out.startswith("postgresql://elsewhere/db unix:///")
    assert not (checkout.path / ".local/postgres").exists()


def test_a_command_that_is_not_there(checkout: Checkout) -> None:
    code, _, err = checkout.call("run", "--throwaway", "--", "no-such-command-here")
    assert code == 127
    assert "no-such-command-here" in err


@pytest.mark.parametrize("kind", [[], ["--throwaway"]], ids=["kept", "throwaway"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name)
def test_no_orphan_after_a_signal_and_the_next_start_works(checkout: Checkout, signum: signal.Signals, kind: list[str]) -> None:
    if not kind:
        checkout.sql("CREATE TABLE kept AS SELECT 42 AS n")
    running = checkout.start_and_wait(*kind)
    run_folder = Path(running.url.partition("host=")[2]).parent  # type: ignore[attr-defined]
    running.send_signal(signum)
    running.wait(30)
    # At once: a server of the killed start may still be ending.
    assert checkout.sql("SELECT 42" if kind else "SELECT n FROM kept", throwaway=bool(kind)) == "42"
    assert checkout.nobody_left(), checkout.living()
    assert running.returncode != 0
    assert not run_folder.exists()
    assert not list(checkout.temporary.iterdir())


def test_after_a_kill_of_everything_at_once(checkout: Checkout) -> None:
    checkout.sql("CREATE TABLE kept AS SELECT 42 AS n")
    running = checkout.start_and_wait()
    running.send_signal(signal.SIGSTOP)
    for pid in checkout.living():
        os.kill(pid, signal.SIGKILL)
    # The supervisor is not waited for: it and, on some machines, its children stay zombies.
    assert (checkout.path / ".local/postgres/postmaster.pid").exists()
    assert checkout.sql("SELECT n FROM kept") == "42"
    assert checkout.nobody_left()


@pytest.mark.parametrize("who", ["a zombie", "somebody else", "nobody", "nonsense"])
def test_a_stale_pid_file_does_not_stop_a_start(checkout: Checkout, who: str) -> None:
    checkout.sql("CREATE TABLE kept AS SELECT 42 AS n")
    dead = subprocess.Popen(["sleep", "300"])
    try:
        dead.kill()
        eventually(lambda: Path(f"/proc/{dead.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
        if who == "nobody":
            dead.wait()
        pid = {"a zombie": dead.pid, "somebody else": os.getpid(), "nobody": dead.pid}.get(who, "nonsense")
        data = checkout.path / ".local/postgres"
        (data / "postmaster.pid").write_text(f"{pid}\n{data}\n1\n5432\n/nowhere\n\n  1 1\nready   \n")
        assert checkout.sql("SELECT n FROM kept") == "42"
    finally:
        dead.wait()


def test_a_half_made_cluster_is_made_anew(checkout: Checkout) -> None:
    checkout.python("pass", DATABASE_URL="postgresql://elsewhere/db")
    draft = checkout.path / ".local/postgres.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("15\n")
    assert checkout.sql("SELECT 1") == "1"
    assert not draft.exists()


def test_a_kill_while_the_cluster_is_made(checkout: Checkout) -> None:
    starting = checkout.start("run", "--", "true")
    assert eventually(lambda: any("initdb" in line for line in checkout.living().values()))
    starting.kill()
    starting.wait(10)
    assert checkout.sql("SELECT 1") == "1"
    assert checkout.nobody_left()


PATIENT = """
import time
try:
    print('ready', flush=True)  # inside: the interrupt may come as soon as this is read
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)  # a second interrupt would end this
    print('heard once', flush=True)
"""


def test_ctrl_c_reaches_the_command_once_and_the_services_end_after_it(checkout: Checkout) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(checkout.path)
        words = [sys.executable, "-m", "consult.local", "run", "--throwaway", "--", sys.executable, "-c", PATIENT]
        os.execve(sys.executable, words, checkout.env())
    seen = b""
    try:
        while b"ready" not in seen:
            seen += os.read(terminal, 4096)
        os.write(terminal, b"\x03")
        while b"heard once" not in seen:
            seen += os.read(terminal, 4096)  # EIO, should the command end without it
    finally:
        os.waitpid(pid, 0)
        os.close(terminal)
    assert b"Traceback" not in seen
    assert checkout.nobody_left()


def test_a_job_in_a_shells_background_is_not_deaf_to_its_supervisors_death(checkout: Checkout) -> None:
    # A shell without job control starts `&` jobs with SIGINT ignored, and that survives exec.
    shell = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -m consult.local run --throwaway -- sleep 300 & echo $!; wait"],
        cwd=checkout.path,
        env=checkout.env(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    supervisor = int(shell.stdout.readline())
    assert eventually(lambda: any(line.startswith("sleep") for line in checkout.living().values()))
    os.kill(supervisor, signal.SIGKILL)
    shell.wait(30)
    assert checkout.nobody_left(), checkout.living()


def test_where_the_kernel_does_not_tell_children_a_watcher_does(checkout: Checkout) -> None:
    # As on macOS.
    driver = checkout.path / "driver.py"
    driver.write_text("import sys\nfrom consult.local import __main__, supervise\nsupervise.HAS_DEATH_SIGNAL = False\nsys.exit(__main__.main(sys.argv[1:]))\n")
    code, _, err = checkout.call("run", "--", "true", program=("driver.py",))
    assert code == 0, err
    assert checkout.nobody_left()
    running = checkout.start("run", "--", "sleep", "300", program=("driver.py",))
    assert eventually(lambda: any(line.startswith("sleep") for line in checkout.living().values()))
    assert any("leash.py" in line for line in checkout.living().values())
    running.kill()
    assert checkout.nobody_left(), checkout.living()
    assert checkout.sql("SELECT 1") == "1"


@pytest.mark.parametrize(("word", "name"), [("postgres -D", "PostgreSQL"), ("redis.sock", "Redis")])
def test_a_service_that_dies_is_named_and_all_stops(checkout: Checkout, word: str, name: str) -> None:
    running = checkout.start_and_wait("--throwaway")
    os.kill(checkout.find(word), signal.SIGKILL)
    _, err = running.communicate(timeout=90)
    assert running.returncode == 1
    assert f"{name} died (signal SIGKILL)" in err
    assert checkout.nobody_left()


def test_a_frozen_redis_does_not_hold_up_the_end(checkout: Checkout) -> None:
    running = checkout.start_and_wait("--throwaway")
    os.kill(checkout.find("redis.sock"), signal.SIGSTOP)
    running.terminate()
    running.communicate(timeout=90)
    assert checkout.nobody_left()


def test_two_checkouts_run_side_by_side(checkout: Checkout, other_checkout: Checkout) -> None:
    first, second = checkout.start_and_wait(), other_checkout.start_and_wait()
    assert first.url != second.url  # type: ignore[attr-defined]
    for process, mine in ((first, checkout), (second, other_checkout)):
        process.terminate()
        process.communicate(timeout=90)
        assert mine.nobody_left()


def test_a_second_terminal_shares_the_running_services(checkout: Checkout) -> None:
    first = checkout.start_and_wait()
    code, out, err = checkout.python("import os; print(os.environ['DATABASE_URL'])")
    assert code == 0, err
    assert out.strip() == first.url  # type: ignore[attr-defined]
    assert f"process {first.pid}" in err
    assert first.poll() is None
    # And a throwaway start is not disturbed by it.
    assert checkout.sql("SELECT 1", throwaway=True) == "1"


def test_another_major_version_stops_with_what_to_do(checkout: Checkout) -> None:
    checkout.sql("SELECT 1")
    version = checkout.path / ".local/postgres/PG_VERSION"
    version.write_text("12\n")
    code, _, err = checkout.python("pass")
    assert code == 1
    for part in ("made by PostgreSQL 12", "postgresql-12", f"mv {version.parent} {version.parent}-12"):
        assert part in err
    assert "Traceback" not in err
    assert version.read_text() == "12\n"


@AS_ROOT
def test_as_root_the_server_runs_as_an_existing_account(checkout: Checkout) -> None:
    checkout.start_and_wait()
    owner = Path(f"/proc/{checkout.find('postgres -D')}").stat().st_uid
    account = places.person()
    assert account is not None
    assert owner == account.uid != 0


@AS_ROOT
def test_data_goes_to_the_state_directory_where_the_account_cannot_reach_the_checkout(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    made = make_checkout(closed / "consult-main")
    state = places.Home(made.path).state
    try:
        assert made.sql("CREATE TABLE kept AS SELECT 42 AS n") == "done"
        code, _, err = made.python("pass")
        assert code == 0
        assert state.name.startswith("consult-main-")
        assert f"data in {state}/postgres" in err
        assert made.sql("SELECT n FROM kept") == "42"
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert not (made.path / ".local/postgres").exists()
        assert made.nobody_left()
    finally:
        end(made)
        shutil.rmtree(state, ignore_errors=True)
