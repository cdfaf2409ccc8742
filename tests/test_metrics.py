"""docs/grafana.json and docs/alerts.yml speak of figures that exist, and of all that docs/operating.md says to worry about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client import Histogram

from tests.test_operating import METRICS, ROOT, TEXT

BOARD = json.loads((ROOT / "docs" / "grafana.json").read_text())
ALERTS = [rule for group in yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
ROWS = ["People and sockets", "Posts and commits", "Delivery", "Database and pools", "Redis and bus", "Rights", "Worker", "HTTP", "Process"]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
NAME = re.compile(r"\b(?:consult|process|python)_[a-z_]+\b|\bup\b")
# The series that a scrape holds for each figure.
SERIES = {f"{name}{end}": name for name, metric in METRICS.items() for end in (("_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",))}
LABELS = {name: {*metric._labelnames, "instance", *(("le",) if isinstance(metric, Histogram) else ())} for name, metric in METRICS.items()}


def named(expr: str) -> set[str]:
    return set(NAME.findall(expr)) - {"up"}


def selectors(expr: str) -> Iterator[tuple[str, set[str]]]:
    """Each figure of an expression, with the labels it is asked by."""
    for name, inside in re.findall(r"(consult_[a-z_]+)(?:\{([^}]*)\})?", expr):
        yield name, set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", inside))


def expressions() -> list[str]:
    return [t["expr"] for panel in PANELS for t in panel["targets"]] + [a["expr"] for a in BOARD["annotations"]["list"] if "expr" in a] + [a["expr"] for a in ALERTS]


def test_it_is_a_dashboard_that_can_be_imported() -> None:
    assert BOARD["schemaVersion"] >= 38 and BOARD["id"] is None and BOARD["title"] and BOARD["uid"]
    [source] = BOARD["__inputs"]
    assert (source["type"], source["pluginId"]) == ("datasource", "prometheus")
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies over another panel"
        taken |= cells
    assert [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"] == ROWS
    reads = "${" + source["name"] + "}"
    assert all(thing["datasource"]["uid"] == reads for panel in PANELS for thing in (panel, *panel["targets"]))
    assert source["name"] in {v["name"] for v in BOARD["templating"]["list"] if v["type"] == "datasource"}  # provisioned from a file, it is no input


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_trouble_it_shows_and_from_where_on(panel: dict[str, Any]) -> None:
    assert panel["targets"] and all(t["expr"] and t["legendFormat"] for t in panel["targets"])
    assert len(panel["description"]) > 40
    assert re.search(r"\d", panel["description"]), "from which value on?"
    assert all('instance=~"$instance"' in t["expr"] for t in panel["targets"])


@pytest.mark.parametrize("expr", expressions())
def test_what_is_asked_for_exists(expr: str) -> None:
    for name in named(expr):
        assert name in SERIES, f"{name} is not on /metrics"
    for name, labels in selectors(expr):
        assert labels <= LABELS[SERIES[name]], f"{name} has no such label"
    assert expr.count("(") == expr.count(")")


def test_every_figure_is_on_a_panel() -> None:
    shown = {SERIES[name] for panel in PANELS for t in panel["targets"] for name in named(t["expr"])}
    assert shown == set(METRICS), "a figure that an operator should worry about is not to be seen"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+[smh]", alert["for"])
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"].endswith(".")
    assert len(alert["annotations"]["do"]) > 30 and alert["annotations"]["do"].endswith(".")
    for name in named(" ".join(alert["annotations"].values())):
        assert name in METRICS


def test_alerts_and_troubles_speak_of_figures_that_are_listed() -> None:
    assert len({a["alert"] for a in ALERTS}) == len(ALERTS) >= 12
    troubles = TEXT.split("### From trouble to figure")[1].split("\n### ")[0]
    rows = [line for line in troubles.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 8
    assert all(len(line.strip("| ").split(" | ")) == 3 for line in rows)
    asked = set(re.findall(r"`(consult_[a-z_]+)", troubles))
    assert asked and asked <= set(METRICS)
    assert "docs/grafana.json" in TEXT and "docs/alerts.yml" in TEXT
