"""Terms in sentences, and what two versions say differently."""

from __future__ import annotations

from dataclasses import replace

from erp.domain.programmes import Change, RuleRow, TermsDraft, TierRow, changes, chapters
from erp.kernel.sentences import Sentence, formatted

TERMS = TermsDraft(
    [TierRow("Bronze", 0, 1000), TierRow("Silver", 2, 1500)], [RuleRow(key="share", monthly_cap=10_000_000)]
)
BONUS = RuleRow(
    key="bonus",
    kind="fixed",
    event_kind="sign_up",
    amount=50_000,
    condition="first_payment",
    condition_days=30,
)


def said(draft: TermsDraft) -> dict[str, list[str]]:
    return {
        chapter.title.plain(): [sentence.plain() for sentence in chapter.sentences]
        for chapter in chapters(draft, "RUB")
    }


def test_a_version_is_said_rule_by_rule() -> None:
    told = said(replace(TERMS, rules=[*TERMS.rules, BONUS]))
    assert list(told) == ["Rule “share”", "Rule “bonus”", "Tiers", "Limits"]
    assert told["Rule “share”"][:2] == [
        "Of every payment by a customer they brought, an agent earns the rate of their tier.",
        "An agent earns at most 100,000.00\u00a0₽ by it in a calendar month.",
    ]
    assert told["Rule “bonus”"][0] == "For each customer who signs up, an agent earns 500.00\u00a0₽."
    assert (
        "It is on hold until the customer pays; if they have not paid within 30 days, it is given back."
        in told["Rule “bonus”"]
    )
    assert told["Tiers"] == [
        "Bronze, from the beginning: 10\u00a0%.",
        "Silver, from 2 connections on: 15\u00a0%.",
        "The tier follows from the connections of the last 90 days before the payment.",
    ]


def test_tiers_are_not_told_where_no_rule_pays_by_them() -> None:
    assert "Tiers" not in said(replace(TERMS, rules=[BONUS]))


def test_plans_with_a_rule_of_their_own_are_named_where_they_do_not_count() -> None:
    told = said(replace(TERMS, rules=[RuleRow(key="all"), RuleRow(key="pro", plan="pro", rate_bps=2500)]))
    assert "Plans with a rule of their own do not count: pro." in told["Rule “all”"]
    assert "Only payments for the plan pro count." in told["Rule “pro”"]


def told(change: Change) -> tuple[str, str, str, str]:
    return (
        change.what.plain(),
        _plain(change.before),
        _plain(change.after),
        " ".join(means.plain() for means in change.means),
    )


def _plain(value: object) -> str:
    return value.plain() if isinstance(value, Sentence) else "" if value is None else formatted(value, "en")


def test_equal_terms_differ_in_nothing() -> None:
    assert changes(TERMS, replace(TERMS), "RUB") == []


def test_every_difference_is_told_with_what_it_means() -> None:
    after = replace(
        TERMS,
        tiers=[TierRow("Bronze", 0, 800), TierRow("Silver", 3, 1500), TierRow("Gold", 9, 2000)],
        rules=[replace(TERMS.rules[0], monthly_cap=None)],
        window_days=60,
        hold_days=21,
        minimum_payout=50_000,
    )
    assert [told(change) for change in changes(TERMS, after, "RUB")] == [
        (
            "Rule “share”: most in a calendar month",
            "100,000.00\u00a0₽",
            "",
            "Agents who come to it earn more.",
        ),
        (
            "Tier Bronze",
            "Bronze, from the beginning: 10\u00a0%.",
            "Bronze, from the beginning: 8\u00a0%.",
            "Of a payment of 10,000.00\u00a0₽, an agent earns 200.00\u00a0₽ less.",
        ),
        (
            "Tier Silver",
            "Silver, from 2 connections on: 15\u00a0%.",
            "Silver, from 3 connections on: 15\u00a0%.",
            "It is harder to reach.",
        ),
        ("Tier Gold", "", "Gold, from 9 connections on: 20\u00a0%.", "Agents can reach one more tier."),
        (
            "What a tier follows from",
            "The tier follows from the connections of the last 90 days before the payment.",
            "The tier follows from the connections of the last 60 days before the payment.",
            "Agents lose their tiers sooner.",
        ),
        ("Hold", "14 days", "21 days", "Agents wait longer for what they earned."),
        ("Smallest payout", "100.00\u00a0₽", "500.00\u00a0₽", "Agents who earn little are paid less often."),
    ]


def test_a_rule_that_is_new_or_gone_is_told_by_what_it_earns() -> None:
    more = replace(TERMS, rules=[*TERMS.rules, BONUS])
    new, gone = changes(TERMS, more, "RUB"), changes(more, TERMS, "RUB")
    assert [told(change)[2] for change in new] == [
        "For each customer who signs up, an agent earns 500.00\u00a0₽."
    ]
    assert [told(change)[3] for change in gone] == ["Nobody earns by this rule any more."]


def test_a_cap_that_is_new_is_less_and_one_that_goes_is_more() -> None:
    free = replace(TERMS, rules=[replace(TERMS.rules[0], monthly_cap=None)])
    assert told(changes(free, TERMS, "RUB")[0])[3] == "Agents who come to it earn less."
    assert told(changes(TERMS, free, "RUB")[0])[3] == "Agents who come to it earn more."
