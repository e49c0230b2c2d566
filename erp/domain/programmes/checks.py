"""What makes terms sound: refusals that name the field and say what to do, and doubts that stop nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from erp.domain.programmes.rules import (
    Base,
    Condition,
    EventKind,
    Evidence,
    Measure,
    MonthsFrom,
    OnAgentClosed,
    OnCancel,
    Payments,
    Reward,
    RuleKind,
    RuleRow,
    TermsDraft,
    TierRow,
    Window,
)
from erp.kernel.errors import NEEDED, Invalid
from erp.kernel.money import WHOLE
from erp.kernel.sentences import Rate, Sentence

DAYS = {"hold_days": (0, 365), "click_window_days": (0, 365), "grace_days": (0, 365)}
"""The least and the most days that terms may say."""
MOST_DAYS, MOST_MONTHS = 3650, 600
HASTY_DAYS = 7
"""Who is counted over fewer days falls as fast as they rose."""


class Problem(NamedTuple):
    """What is wrong with, or doubtful about, a field such as `rules-0-monthly_cap`."""

    field: str
    said: Sentence


def check(draft: TermsDraft) -> None:
    """Raise `Invalid` with a sentence for every field that cannot be."""
    wrong = problems(draft)
    if not wrong:
        return
    of_tiers = any(problem.field.startswith("tiers-") for problem in wrong)
    said = Sentence("The tiers do not fit together.") if of_tiers else None
    raise Invalid(said, fields={problem.field: problem.said for problem in reversed(wrong)})


def problems(draft: TermsDraft) -> list[Problem]:
    """All that cannot be, in the order of the fields; the first of a field matters most."""
    return [*_wrong_rules(draft), *_wrong_tiers(draft), *_wrong_window(draft), *_wrong_limits(draft)]


def doubts(draft: TermsDraft) -> list[Problem]:
    """What can be, but surprises those who live with it."""
    return list(_instant_demotion(draft))


def _wrong_tiers(draft: TermsDraft) -> Iterator[Problem]:
    """Tiers that leave a gap, overlap, pay less than the one below, or that nobody can reach."""
    tiers = draft.tiers
    if not tiers:
        yield Problem("tiers", Sentence("Terms need at least one tier, beginning at 0."))
        return
    if tiers[0].threshold != 0:
        yield Problem(
            "tiers-0-threshold", Sentence("The first tier begins at 0, so that nobody is without a tier.")
        )
    for index, tier in enumerate(tiers):
        if not tier.name.strip():
            yield Problem(f"tiers-{index}-name", Sentence("Name the tier."))
        if not 0 <= tier.rate_bps <= WHOLE:
            yield Problem(f"tiers-{index}-rate_bps", _between_rates())
        if index:
            yield from _wrong_step(index, tiers[index - 1], tier)
    if len(tiers) > 1 and not any(rule.follows_tiers for rule in draft.rules):
        yield Problem(
            "tiers-1-threshold",
            Sentence("No rule pays by tier, so nobody gains by reaching this one. Remove it."),
        )


def _between_rates() -> Sentence:
    return Sentence("A rate lies between %(least)s and %(most)s.", least=Rate(0), most=Rate(WHOLE))


def _wrong_step(index: int, below: TierRow, tier: TierRow) -> Iterator[Problem]:
    if tier.threshold <= below.threshold:
        yield Problem(
            f"tiers-{index}-threshold",
            Sentence("Each tier begins at more than the one before; nobody would reach this one."),
        )
    if tier.rate_bps < below.rate_bps:
        yield Problem(
            f"tiers-{index}-rate_bps", Sentence("A higher tier does not pay less than the one below it.")
        )


def _wrong_window(draft: TermsDraft) -> Iterator[Problem]:
    """How volume is counted, and what follows from it."""
    if draft.measure not in list(Measure):
        yield Problem("measure", Sentence("Say what is counted."))
    if draft.window_kind not in list(Window):
        yield Problem("window_kind", Sentence("Say over which time it is counted."))
    if draft.window_kind == Window.ROLLING and draft.window_days is None:
        yield Problem("window_days", Sentence("Say over how many days it is counted."))
    if draft.window_kind != Window.ROLLING and draft.window_days is not None:
        yield Problem("window_days", Sentence("Only rolling windows have days. Leave it empty."))
    if draft.window_days is not None and not 1 <= draft.window_days <= MOST_DAYS:
        yield Problem("window_days", _between_days(1, MOST_DAYS))
    if draft.retroactive and draft.window_kind == Window.ROLLING:
        yield Problem(
            "retroactive",
            Sentence(
                "A rolling window never ends, so there is no whole window whose tier could count. Choose a month, a"
                " quarter or a lifetime."
            ),
        )
    if draft.retroactive and draft.freeze_tier:
        yield Problem(
            "freeze_tier",
            Sentence("A tier that is kept from the sign-up on cannot change afterwards. Choose one."),
        )
    if draft.grace_days and (draft.window_kind == Window.LIFETIME or draft.freeze_tier):
        yield Problem(
            "grace_days",
            Sentence("Grace needs a window that ends; here nobody loses a tier by time passing."),
        )


def _between_days(least: int, most: int) -> Sentence:
    return Sentence("Between %(least)s and %(most)s days.", least=least, most=most)


def _wrong_limits(draft: TermsDraft) -> Iterator[Problem]:
    for name, (least, most) in DAYS.items():
        if not least <= getattr(draft, name) <= most:
            yield Problem(name, _between_days(least, most))
    if draft.minimum_payout < 0:
        yield Problem("minimum_payout", Sentence("A payout cannot be less than nothing."))
    if draft.evidence not in list(Evidence):
        yield Problem("evidence", Sentence("Say which payments count."))
    if draft.on_agent_closed not in list(OnAgentClosed):
        yield Problem("on_agent_closed", Sentence("Say what becomes of it."))
    for name in ("vat_bps", "fee_bps"):
        if not 0 <= getattr(draft, name) <= WHOLE:
            yield Problem(name, _between_rates())
    if draft.fee_minimum < 0:
        yield Problem("fee_minimum", Sentence("A fee cannot be less than nothing."))
    for base, name, sentence in (
        (Base.NET_OF_VAT, "vat_bps", Sentence("A rule pays net of VAT. Say the rate of VAT.")),
        (Base.NET_OF_FEE, "fee_bps", Sentence("A rule pays net of the bank's fee. Say the tariff.")),
    ):
        used = any(rule.base == base for rule in draft.rules)
        if used and not getattr(draft, name) and not (base == Base.NET_OF_FEE and draft.fee_minimum):
            yield Problem(name, sentence)


def _wrong_rules(draft: TermsDraft) -> Iterator[Problem]:
    if not draft.rules:
        yield Problem("rules", Sentence("Terms need at least one rule that earns."))
    keys, places = set[str](), set[tuple[str, str, str | None]]()
    for index, rule in enumerate(draft.rules):
        if not rule.key.strip():
            yield Problem(f"rules-{index}-key", Sentence("Name the rule."))
        if rule.key in keys:
            yield Problem(f"rules-{index}-key", Sentence("Another rule has this name."))
        place = (rule.kind, rule.event_kind, rule.plan)
        if place in places:
            yield Problem(
                f"rules-{index}-plan",
                Sentence("Another rule of this kind pays for the same events and plan; the two overlap."),
            )
        keys.add(rule.key)
        places.add(place)
        for wrong in (_wrong_words, _wrong_worth, _wrong_caps, _wrong_time, _wrong_end):
            for field, sentence in wrong(rule):
                yield Problem(f"rules-{index}-{field}", sentence)


WORDS = {
    "kind": RuleKind,
    "event_kind": EventKind,
    "payments": Payments,
    "base": Base,
    "on_cancel": OnCancel,
    "reward": Reward,
}
PERHAPS = {"months_from": MonthsFrom, "condition": Condition}


def _wrong_words(rule: RuleRow) -> Iterator[Problem]:
    for field, words in (WORDS | PERHAPS).items():
        value = getattr(rule, field)
        if value not in list(words) and not (value is None and field in PERHAPS):
            yield Problem(field, Sentence("One of: %(words)s.", words=", ".join(words)))


def _wrong_worth(rule: RuleRow) -> Iterator[Problem]:
    """A percentage of money, or an amount."""
    if rule.kind == RuleKind.FIXED and (rule.amount is None or rule.amount <= 0):
        yield Problem("amount", Sentence("Say how much it is; more than nothing."))
    if rule.kind == RuleKind.FIXED and rule.rate_bps is not None:
        yield Problem("rate_bps", Sentence("A fixed amount has no rate. Leave it empty."))
    if rule.kind == RuleKind.PERCENT and rule.amount is not None:
        yield Problem("amount", Sentence("A percentage has no amount. Leave it empty."))
    if rule.rate_bps is not None and not 0 <= rule.rate_bps <= WHOLE:
        yield Problem("rate_bps", _between_rates())
    if rule.kind == RuleKind.PERCENT and rule.event_kind != EventKind.PAYMENT:
        yield Problem("event_kind", Sentence("Only payments have money to take a percentage of."))
    if rule.plan is not None and (rule.event_kind != EventKind.PAYMENT or not rule.plan.strip()):
        yield Problem("plan", Sentence("Only a payment names a plan. Leave it empty."))


def _wrong_caps(rule: RuleRow) -> Iterator[Problem]:
    for field in ("line_cap", "customer_cap", "monthly_cap"):
        cap = getattr(rule, field)
        if cap is not None and cap <= 0:
            yield Problem(field, Sentence("A cap is more than nothing. Leave it empty for no cap."))
        elif cap is not None and rule.amount is not None and cap < rule.amount:
            yield Problem(
                field, Sentence("This cap is below the fixed amount, which would never be paid in full.")
            )


def _wrong_time(rule: RuleRow) -> Iterator[Problem]:
    """Which payments, and for how long."""
    if rule.payments == Payments.FIRST and rule.event_kind != EventKind.PAYMENT:
        yield Problem("payments", Sentence("Only payments can be numbered."))
    if rule.months is not None and not 1 <= rule.months <= MOST_MONTHS:
        yield Problem("months", Sentence("Between %(least)s and %(most)s months.", least=1, most=MOST_MONTHS))
    if rule.months is not None and rule.months_from is None:
        yield Problem("months_from", Sentence("Say from when on the months are counted."))
    if rule.months is None and rule.months_from is not None:
        yield Problem("months", NEEDED)
    if rule.months is not None and (rule.payments == Payments.FIRST or rule.event_kind != EventKind.PAYMENT):
        yield Problem("months", Sentence("Only a rule for every payment can go on for months."))


def _wrong_end(rule: RuleRow) -> Iterator[Problem]:
    """What a bonus waits for, and what a cancellation takes back."""
    if rule.condition is not None and rule.condition_days is None:
        yield Problem(
            "condition_days",
            Sentence("Say within how many days; without a deadline a bonus could wait for ever."),
        )
    if rule.condition is None and rule.condition_days is not None:
        yield Problem("condition", Sentence("Say what must happen within these days."))
    if rule.condition is not None and rule.event_kind == EventKind.PAYMENT:
        yield Problem(
            "condition", Sentence("Only a bonus for a sign-up or a connection waits for a condition.")
        )
    if rule.on_cancel == OnCancel.ALL and rule.cancel_days is None:
        yield Problem("cancel_days", Sentence("Say within how many days a cancellation takes all back."))
    if rule.on_cancel != OnCancel.ALL and rule.cancel_days is not None:
        yield Problem("cancel_days", Sentence("Only needed when all is taken back. Leave it empty."))
    for field in ("condition_days", "cancel_days"):
        days = getattr(rule, field)
        if days is not None and not 1 <= days <= MOST_DAYS:
            yield Problem(field, _between_days(1, MOST_DAYS))


def _instant_demotion(draft: TermsDraft) -> Iterator[Problem]:
    if not _can_lose_a_tier(draft.tiers, draft.freeze_tier) or draft.grace_days:
        return
    if draft.window_kind in (Window.MONTH, Window.QUARTER) and not draft.retroactive:
        yield Problem(
            "grace_days",
            Sentence(
                "When a new month or quarter begins, everybody falls to the first tier at once. Days of grace let"
                " them keep theirs for a while."
            ),
        )
    if draft.window_kind == Window.ROLLING and (draft.window_days or 0) < HASTY_DAYS:
        yield Problem(
            "window_days",
            Sentence(
                "Over so few days a tier is lost as soon as it is reached. Count over more, or give grace."
            ),
        )


def _can_lose_a_tier(tiers: Sequence[TierRow], frozen: bool) -> bool:
    return len(tiers) > 1 and not frozen
