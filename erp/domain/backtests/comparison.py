"""Saved back-tests beside one another: only those that looked at the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.backtests.queries import find
from erp.kernel.db import rows
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence

MOST_COMPARED = 4


class ChooseSome(DomainError):
    code = "back_tests_to_compare"
    sentence = Sentence("Choose two to %(most)s back-tests.", most=MOST_COMPARED)


class NotDone(DomainError):
    code = "back_test_not_done"


class ProgrammesDiffer(DomainError):
    code = "back_test_programmes_differ"


class PeriodsDiffer(DomainError):
    code = "back_test_periods_differ"


def references(ids: Sequence[object]) -> list[str]:
    """The references of back-tests by their ids, the oldest first; what is no id of one is left out."""
    found = rows(
        "select reference from back_test where id = any(:ids) order by asked_at, id",
        ids=[id for id in ids if isinstance(id, UUID)],
    )
    return [reference for (reference,) in found]


def compared(references: Sequence[str]) -> list[sa.Row[Any]]:
    """Two to four back-tests that can stand side by side, in the order asked for, each once.

    Raises `NotFound`, `ChooseSome`, `NotDone`, `ProgrammesDiffer`, `PeriodsDiffer`.
    """
    chosen = list(dict.fromkeys(references))
    if not 2 <= len(chosen) <= MOST_COMPARED:
        raise ChooseSome
    tests = [find(reference) for reference in chosen]
    for test in tests:
        if test.state != "done":
            raise NotDone(
                Sentence(
                    "%(test)s has not been replayed to its end, so its figures cannot be compared.",
                    test=test.reference,
                )
            )
    first = tests[0]
    for test in tests[1:]:
        both = {"first": first.reference, "other": test.reference}
        if test.programme_id != first.programme_id:
            raise ProgrammesDiffer(
                Sentence("%(first)s and %(other)s are of different programmes. Choose those of one.", **both)
            )
        if (test.since, test.before) != (first.since, first.before):
            raise PeriodsDiffer(
                Sentence(
                    "%(first)s and %(other)s count different periods, so their sums say nothing about each other."
                    " Ask for one of them again with the days of the other.",
                    **both,
                )
            )
    return tests
