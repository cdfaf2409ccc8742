"""docs/grafana.json and docs/alerts.yml speak of figures that exist, and of all that docs/operating.md says to worry about."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
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


# What each alert is for, as series of 15 s steps over 30 minutes; `_` is a node's labels.
WELL = {
    'up{job="consult",_}': "1x120",
    "consult_sockets{_}": "400x120",
    "consult_access_age_seconds{_}": "0.3x120",
    "consult_commit_running_seconds{_}": "0.01x120",
    'consult_commit_seconds_bucket{le="0.1",_}': "0+100x120",
    'consult_commit_seconds_bucket{le="1.0",_}': "0+100x120",
    'consult_commit_seconds_bucket{le="+Inf",_}': "0+100x120",
    'consult_refusals_total{code="room.not_found",_}': "0+1x120",
    'consult_http_answers_total{door="api",status="2xx",_}': "0+100x120",
    'consult_http_answers_total{door="operator",status="5xx",_}': "0+100x120",  # /readyz while it drains
    "consult_pool_waiting{_}": "0 1 0 0x117",
    "consult_pool_errors_total{_}": "0x120",
    'consult_loop_lag_seconds_bucket{le="0.01",_}': "0+30x120",
    'consult_loop_lag_seconds_bucket{le="1.0",_}': "0+30x120",
    'consult_loop_lag_seconds_bucket{le="+Inf",_}': "0+30x120",
    "consult_bus_dropped_total{_}": "0 5 5x118",
    "consult_bell_events_total{_}": "0+400x120",
    'consult_healed_events_total{by="gap",_}': "0+100x120",
    'consult_healed_events_total{by="sweep",_}': "0+1x120",
    "consult_sweep_age_seconds{_}": "0.7x120",
    "consult_outbox_overflows_total{_}": "0+0.05x120",
    "consult_followups_oldest_seconds{_}": "2x120",
    "consult_jobs_oldest_seconds{_}": "5x120",
    "consult_jobs_failed{_}": "3x120",
    "consult_started_timestamp_seconds{_}": "100x60 900x60",  # a release
    "consult_descriptors{_}": "450x120",
    "consult_descriptors_limit{_}": "20000x120",
}
TROUBLE = {
    "ConsultDown": {'up{job="consult",_}': "0x120"},
    "ConsultSocketsLost": {"consult_sockets{_}": "400x105 90x15"},
    "ConsultRightsStale": {"consult_access_age_seconds{_}": "0+15x120"},
    "ConsultCommitStuck": {"consult_commit_running_seconds{_}": "0+15x120"},
    "ConsultCommitsSlow": {'consult_commit_seconds_bucket{le="0.1",_}': "0+90x120"},
    "ConsultRequestFailed": {'consult_refusals_total{code="request.failed",_}': "0x110 1x10"},
    "ConsultUnavailable": {'consult_refusals_total{code="service.unavailable",_}': "0+1x120"},
    "ConsultHttpErrors": {'consult_http_answers_total{door="api",status="5xx",_}': "0+3x120"},
    "ConsultPoolEmpty": {"consult_pool_waiting{_}": "3x120"},
    "ConsultLoopLate": {'consult_loop_lag_seconds_bucket{le="0.01",_}': "0+25x120"},
    "ConsultBusDropping": {"consult_bus_dropped_total{_}": "0+1x120"},
    "ConsultHealing": {'consult_healed_events_total{by="sweep",_}': "0+10x120"},
    "ConsultSweepLate": {"consult_sweep_age_seconds{_}": "0+15x120"},
    "ConsultReadersFallBehind": {"consult_outbox_overflows_total{_}": "0+1x120"},
    "ConsultWorkerBehind": {"consult_followups_oldest_seconds{_}": "0+15x120"},
    "ConsultJobsBehind": {"consult_jobs_oldest_seconds{_}": "0+15x120"},
    "ConsultJobsFail": {"consult_jobs_failed{_}": "3x110 4x10"},
    "ConsultRestarts": {"consult_started_timestamp_seconds{_}": "0+60x120"},
    "ConsultDescriptors": {"consult_descriptors{_}": "17000x120"},
}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool (Debian: apt-get install prometheus)")
def test_each_alert_fires_for_its_trouble_alone(tmp_path: Path) -> None:
    """Prometheus' own tool reads the rules and plays a healthy half hour, and the same with each trouble in turn."""
    assert set(TROUBLE) == {alert["alert"] for alert in ALERTS}

    def played(name: str | None, changed: dict[str, str]) -> dict[str, Any]:
        series = [{"series": key.replace("_}", 'instance="n1"}'), "values": values} for key, values in {**WELL, **changed}.items()]
        fired = [{"labels": f'{{alertname="{name}"}}', "value": 1}] if name else []
        asked = {"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "29m", "exp_samples": fired}
        return {"name": name or "well", "interval": "15s", "input_series": series, "promql_expr_test": [asked]}

    tests = [played(None, {}), *(played(name, changed) for name, changed in TROUBLE.items())]
    file = tmp_path / "alerts_test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ROOT / "docs" / "alerts.yml")], "evaluation_interval": "15s", "tests": tests}))
    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_folder_setting_is_none(tmp_path: Path) -> None:
    """As from an env file: prometheus-client alone would keep its files in the working folder."""
    code = "import django; django.setup(); from consult import figures; figures.sockets.set(1)"
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": "", "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "consult.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, timeout=60, check=True)
    assert list(tmp_path.iterdir()) == []
