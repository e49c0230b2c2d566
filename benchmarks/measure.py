"""What every benchmark shares: its own cluster, interleaved rounds, medians, one JSON object."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil

from erp import config, embedded
from erp.commands.migrate import migrate
from erp.up import environment, secrets


@contextmanager
def own_instance(**settings: str) -> Iterator[dict[str, str]]:
    """Durable servers in a throw-away folder, migrated, and this process's environment (with `settings`) for them."""
    before = dict(os.environ)
    with embedded.temporary_var() as var:
        servers = embedded.start(var, durable=True)
        os.environ.clear()
        os.environ.update(environment.without_settings(before))
        os.environ.update(
            secrets.missing({}, var / "secrets")
            | servers.urls
            | {"REF_VAR": str(var), "REF_LOG_LEVEL": "ERROR"}
            | settings
        )
        config.get.cache_clear()
        try:
            migrate(config.get())
            yield servers.urls
        finally:
            servers.stop()
            os.environ.clear()
            os.environ.update(before)


def interleaved(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each side once a round, in turns, the first one changing; every side answers its rate."""
    seen: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seen[name].append(sides[name]())
    return seen


def ratio(ours: list[float], yardstick: list[float]) -> float:
    """The median of the rounds' own ratios: neighbours in time, so that the machine's moods cancel."""
    return round(statistics.median(a / b for a, b in zip(ours, yardstick, strict=True)), 3)


def summary(values: list[float], digits: int = 1) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), digits),
        "least": round(min(values), digits),
        "most": round(max(values), digits),
    }


def report(
    name: str, parameters: Mapping[str, Any], measures: Mapping[str, Any], ratios: Mapping[str, float]
) -> dict[str, Any]:
    """The one object that `--json` prints."""
    return {
        "name": name,
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "parameters": dict(parameters),
        "measures": dict(measures),
        "ratios": dict(ratios),
    }


def database_cpu(backend: int) -> float:
    """CPU seconds that the cluster of this server process has spent, all its living processes together."""
    cluster = psutil.Process(backend).parent()
    assert cluster
    times = [process.cpu_times() for process in cluster.children()]
    return sum(time.user + time.system for time in times)


def say(text: str) -> None:
    """Progress, beside the JSON."""
    print(text, file=sys.stderr, flush=True)


def dump(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)
