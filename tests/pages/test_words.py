"""What the system does and what there is have words for people, each in one place."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from erp.blueprints.deeds import DEEDS, SUBJECTS
from erp.blueprints.job_names import NAMES
from erp.blueprints.navigation import GROUPS
from erp.blueprints.people import SYSTEM
from erp.blueprints.presentation import icon
from erp.blueprints.roles import PERMISSIONS
from erp.blueprints.states import STATES
from erp.domain import agents, bookings, payments, payouts, referrals
from erp.domain.commissions import booked
from erp.kernel.permissions import Permission
from erp.papers import words

ERP = Path(__file__).resolve().parents[2] / "erp"
DOMAIN = ERP / "domain"
SUBJECT = re.compile(r'audit\.record\(\s*"[a-z_.]+",\s*"([a-z_]+)"')
JOB = re.compile(r'"(erp\.jobs\.[a-z_]+\.[a-z_]+)"')
ACTOR = re.compile(r'Actor\.system\("([a-z ]+)"\)')
RECORDED = re.compile(r'audit\.record\(\s*"([a-z_]+\.[a-z_]+)"')


def test_every_deed_that_is_recorded_is_told_in_words() -> None:
    recorded = {deed for file in DOMAIN.rglob("*.py") for deed in RECORDED.findall(file.read_text())}
    recorded |= {f"booking.{ending}" for ending in bookings.ENDINGS}
    recorded |= {f"case.{decision}" for decision in referrals.DECISIONS.values()}
    assert len(recorded) > 40
    assert recorded - set(DEEDS) == set()


def test_every_state_has_its_word_and_tone() -> None:
    states = {
        *agents.STATES,
        *bookings.STAGES,
        *bookings.ENDINGS,
        *bookings.PLACE_STATES,
        *referrals.DECISIONS.values(),
        *payouts.State,
        *payouts.RunState,
        *payouts.LeftOut,
        *payments.Verdict,
        *payments.Attention,
        *(status.lower() for status in payments.STATUSES),
    }
    assert {str(state) for state in states} - set(STATES) == set()


def test_every_icon_exists(app: Flask) -> None:
    names = {deed.icon for deed in DEEDS.values()} | {area.icon for _, areas in GROUPS for area in areas}
    with app.app_context():
        assert all("<svg" in icon(name) for name in names)


def test_every_subject_of_a_deed_and_every_job_has_its_word() -> None:
    subjects = {subject for file in DOMAIN.rglob("*.py") for subject in SUBJECT.findall(file.read_text())}
    assert len(subjects) > 10
    assert subjects - SUBJECTS.keys() == set()
    files = [file for folder in ("domain", "jobs", "blueprints") for file in (ERP / folder).rglob("*.py")]
    jobs = {job for file in files for job in JOB.findall(file.read_text())}
    assert jobs == NAMES.keys()


def test_every_right_is_told_on_the_page_of_a_colleague() -> None:
    assert PERMISSIONS.keys() == set(Permission)


def test_every_part_of_the_system_that_acts_has_a_name() -> None:
    files = [file for folder in ("domain", "jobs") for file in (ERP / folder).rglob("*.py")]
    acting = {name for file in files for name in ACTOR.findall(file.read_text())}
    assert len(acting) > 5
    assert acting - SYSTEM.keys() == set()


def test_every_entry_that_a_commission_makes_has_its_word_on_statements() -> None:
    assert {kind.partition("_")[0] for kind in booked.OF_COMMISSION} - words.ENTRIES.keys() == set()
