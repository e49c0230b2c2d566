"""What makes terms sound: everything wrong is said at once, each beside its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from erp.domain.programmes import (
    RuleRow,
    TermsDraft,
    TierRow,
    check,
    doubts,
    has_choice,
    honoured,
    problems,
)
from erp.domain.programmes.honoured import NOT_YET, OF_RULES, OF_TERMS
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


OTHER: dict[str, Any] = {
    "measure": "revenue",
    "window_kind": "month",
    "retroactive": True,
    "grace_days": 5,
    "freeze_tier": True,
    "vat_bps": 2000,
    "fee_bps": 200,
    "fee_minimum": 100,
    "kind": "fixed",
    "event_kind": "sign_up",
    "plan": "pro",
    "rate_bps": 100,
    "amount": 100,
    "payments": "first",
    "months": 6,
    "months_from": "sign_up",
    "base": "net_of_vat",
    "line_cap": 100,
    "customer_cap": 100,
    "condition": "stays",
    "condition_days": 9,
    "on_cancel": "all",
    "cancel_days": 9,
    "reward": "credit",
}


def test_what_no_commission_follows_is_refused_and_not_offered() -> None:
    """Whatever `honoured` names is refused with any other value, and everything it does not name is let through."""
    for name, other in OTHER.items():
        is_rule = name in set(vars(RuleRow()))
        draft = (
            replace(SOUND, rules=[replace(RuleRow(), **{name: other})])
            if is_rule
            else replace(SOUND, **{name: other})
        )
        said = {problem.field for problem in problems(draft) if problem.said is NOT_YET}
        limited = name in OF_TERMS | OF_RULES
        assert said == ({f"rules-0-{name}" if is_rule else name} if limited else set()), name
        if limited:
            assert str(other) not in honoured(name, [str(other)])
            assert not has_choice(name) or len((OF_TERMS | OF_RULES)[name]) > 1


def test_counting_over_a_week_at_most_is_doubtful_but_allowed() -> None:
    hasty = replace(SOUND, window_days=2)
    check(hasty)
    assert [doubt.field for doubt in doubts(hasty)] == ["window_days"]
