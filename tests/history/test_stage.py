"""The stage does what workers do in life; a job that it does not know would end a history years into it."""

from __future__ import annotations

import re
from pathlib import Path

import erp
from erp.history.stage import jobs
from erp.jobs.schedule import SCHEDULE

DOMAIN = Path(erp.__file__).parent / "domain"
OF_DOORS = {"erp.jobs.payments.init_payment", "erp.jobs.backtests.run"}
"""Left by a page or the API when somebody waits for the answer; the history opens payments itself, and asks for no
back-test: the demo does, when the history is over."""


def test_every_job_that_the_domain_leaves_is_done_on_the_stage() -> None:
    text = "".join(path.read_text() for path in sorted(DOMAIN.rglob("*.py")))
    named = set(re.findall(r'"(erp\.jobs\.\w+\.\w+)"', text))
    assert len(named) > 8
    known = jobs.HANDLERS.keys() | jobs.DONE_WITH_THEIR_DEEDS | OF_DOORS
    assert named - known - {entry.job for entry in SCHEDULE} == set()
