"""What a web process looks at before it serves."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_refuses_to_start_misconfigured_and_says_why(workers: str) -> None:
    env = {**os.environ, "CONSULT_LOCAL": "1", "PUSH_HOSTS": "*", "ACCESS_POLL_S": "2", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    done = subprocess.run(
        [sys.executable, "-m", "consult.serve", "--port", "0", "--workers", workers], env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 3
    assert "consult: PUSH_HOSTS must hold names" in done.stderr and "(consult.E031)" in done.stderr
    assert "(consult.W014)" in done.stderr, "a warning is said too"
    assert "Traceback" not in done.stderr


def test_several_workers_at_one_unix_socket_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "consult.serve", "--uds", "web.sock", "--workers", "2"], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and "--uds is one process" in done.stderr
