"""Debian's packages, unpacked into a folder of .bench/: nothing is installed on the machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .stack import BenchError


def unpack(packages: Sequence[str], home: Path) -> Path:
    """Downloads what apt would install, and unpacks it into home/root."""
    debs, root = home / "debs", home / "root"
    debs.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
    dry = subprocess.run(["apt-get", "install", "--dry-run", "--no-install-recommends", *packages], check=False, capture_output=True, text=True)
    names = re.findall(r"^Inst (\S+)", dry.stdout, re.MULTILINE)
    if not names or subprocess.run(["apt-get", "download", *names], check=False, cwd=debs, capture_output=True).returncode:
        raise BenchError(f"{packages[0]}'s packages could not be downloaded (Debian's apt-get is needed)")
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", deb, root], check=True)
    return root
