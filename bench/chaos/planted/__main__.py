"""See the package."""

from __future__ import annotations

import os
import sys

from bench.chaos import planted

if len(sys.argv) < 3 or sys.argv[1] not in planted.FAULTS or sys.argv[2] != "--":
    print(planted.__doc__, *(f"{name:<30} {fault.says}; breaks: {fault.claim}" for name, fault in planted.FAULTS.items()), sep="\n")
    sys.exit(2)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
planted.serve(sys.argv[1], sys.argv[3:])
