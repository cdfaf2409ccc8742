"""docs/operating.md names every setting, metric, command and process that there is, and none that there is not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram

from consult import figures

ROOT = settings.BASE_DIR
TEXT = (ROOT / "docs" / "operating.md").read_text()
ROWS = dict(re.findall(r"^\| `([A-Za-z_]+)` (\|.*\|)$", TEXT, re.MULTILINE))
# Their defaults depend on CONSULT_LOCAL: outside of it they must be given.
REQUIRED = ("SECRET_KEY", "ALLOWED_HOSTS", "IMAGES_DIR")


def setting_row(name: str, default: Any, meaning: str) -> str:
    default = ",".join(default) if isinstance(default, list) else default
    shown = "(required)" if name in REQUIRED else "" if default in ("", None) else f"`{default}`"
    return f"| {shown} | {meaning} |"


@pytest.mark.parametrize("name", settings.KNOBS)
def test_every_setting_is_listed_with_its_default_and_meaning(name: str) -> None:
    row = setting_row(name, *settings.KNOBS[name])
    assert ROWS.get(name) == row, f"put this line into docs/operating.md:\n| `{name}` {row}"


METRICS = {f"{m._name}_total" if isinstance(m, Counter) else m._name: m for m in vars(figures).values() if isinstance(m, Counter | Gauge | Histogram)}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_listed_with_what_to_look_for(name: str) -> None:
    kind, meaning, look = (cell.strip() for cell in ROWS[name].strip("|").split(" | "))
    metric = METRICS[name]
    assert kind == ", by ".join([metric._type, *(f"`{label}`" for label in metric._labelnames)])
    assert meaning == metric._documentation
    assert look


def test_nothing_is_listed_that_does_not_exist() -> None:
    assert {n for n in ROWS if n.isupper()} == set(settings.KNOBS)
    assert {n for n in ROWS if n.startswith("consult_")} == set(METRICS)


def test_every_variable_that_is_read_elsewhere_is_named() -> None:
    ours = [p for p in (ROOT / "consult").rglob("*.py") if "local" not in p.parts and p.name != "settings.py"]
    read = {name for path in ours for name in re.findall(r"environ(?:\.get|\.setdefault)?[\[(]\"([A-Z_]+)\"", path.read_text())}
    assert {"PORT", "WEB_CONCURRENCY"} <= read
    for name in read - {"DJANGO_SETTINGS_MODULE"}:
        assert f"`{name}`" in TEXT, name


def test_the_commands_it_names_exist() -> None:
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert {"new_epoch", "worker", "migrate", "verify"} <= named <= set(get_commands())


def test_the_procfile_is_quoted_as_it_is() -> None:
    for line in (ROOT / "Procfile").read_text().splitlines():
        if line and not line.startswith("#"):
            assert line in TEXT
