"""A disk that is full: the database lives in a tablespace on a small tmpfs, which a file fills to the last byte.

Where this account may not mount, a trigger on the rooms' events raises what PostgreSQL says then (SQLSTATE 53100).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

import psycopg

from consult.local import places
from tests.live import Services

SIZE = "400m"
REFUSE = """
CREATE OR REPLACE FUNCTION chaos_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER chaos_full BEFORE INSERT ON rooms_event EXECUTE FUNCTION chaos_full();
"""


CLONE_NEWNS = 0x00020000


def own_mounts() -> None:
    """From now on what is mounted here is seen by this process and its children alone, and goes with them, however they end."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) == 0:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)


class Disk:
    def __init__(self, services: Services, database: str) -> None:
        self.url = services.url(database)
        self.mount = services.folder / "small"
        self.filler = self.mount / "filler"
        self.mounted = self._mount()
        if self.mounted:
            space = self.mount / "space"
            places.give(space, places.person())
            services.admin(f"CREATE TABLESPACE small LOCATION '{space}'")
            services.admin(f"ALTER DATABASE {database} SET TABLESPACE small")

    def _mount(self) -> bool:
        if os.geteuid() != 0:
            return False
        self.mount.mkdir(mode=0o755)
        return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", self.mount], check=False, capture_output=True).returncode == 0

    def fill(self) -> None:
        if not self.mounted:
            self._run(REFUSE)
            return
        with self.filler.open("wb", buffering=0) as file:
            step = 1 << 20
            while step >= 4096:
                try:
                    file.write(bytes(step))
                except OSError:
                    step //= 2

    def free(self) -> None:
        if self.mounted:
            Path(self.filler).unlink(missing_ok=True)
        else:
            self._run("DROP TRIGGER IF EXISTS chaos_full ON rooms_event")

    def _run(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", self.mount], check=True)
