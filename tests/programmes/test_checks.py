"""What makes terms sound: everything wrong is said at once, each beside its field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from erp.domain.programmes import (
    RuleRow,
    TermsDraft,
    TierRow,
    check,
    doubts,
    problems,
)
from erp.kernel.errors import Invalid

SOUND = TermsDraft([TierRow("Bronze", 0, 500), TierRow("Silver", 3, 700)])


def fields(draft: TermsDraft) -> set[str]:
    return {problem.field for problem in problems(draft)}


def test_sound_terms_pass() -> None:
    check(SOUND)
    assert doubts(SOUND) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = replace(
        SOUND,
        tiers=[TierRow("", 1, 500), TierRow("Silver", 1, 400)],
        rules=[RuleRow(key="", monthly_cap=0)],
        hold_days=400,
        minimum_payout=-1,
    )
    with pytest.raises(Invalid) as refused:
        check(wrong)
    assert set(refused.value.fields) == {
        "tiers-0-threshold",
        "tiers-0-name",
        "tiers-1-threshold",
        "tiers-1-rate_bps",
        "rules-0-key",
        "rules-0-monthly_cap",
        "hold_days",
        "minimum_payout",
    }


def test_terms_without_rules_or_tiers_say_so_beside_all_else() -> None:
    assert fields(TermsDraft([], [], hold_days=400)) == {"tiers", "rules", "hold_days"}


def test_counting_over_a_week_at_most_is_doubtful_but_allowed() -> None:
    hasty = replace(SOUND, window_days=2)
    check(hasty)
    assert [doubt.field for doubt in doubts(hasty)] == ["window_days"]
