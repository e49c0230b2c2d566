"""What one version of the terms says differently from another, in words: the old, the new, and what it means for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from erp.domain.programmes import names
from erp.domain.programmes.rules import Base, Payments, RuleRow, TermsDraft, TierRow
from erp.domain.programmes.wording import counted, earns, reaches
from erp.kernel.money import WHOLE
from erp.kernel.sentences import Amount, Counted, Rate, Sentence, as_json

EXAMPLE = 1_000_000
"""Minor units: the payment by which a change of a rate is told."""


class Change(NamedTuple):
    """One thing that two versions say differently; none: one of them says nothing of it."""

    what: Sentence
    before: Any
    after: Any
    means: tuple[Sentence, ...]


class Field(NamedTuple):
    """A figure of the terms or of a rule: its name, how its value reads, and what it means when it becomes more or less."""

    name: str
    called: Sentence
    reads: Callable[[Any, str], Any]
    more: Sentence
    less: Sentence


def changes(before: TermsDraft, after: TermsDraft, currency: str) -> list[Change]:
    """What `after` says differently from `before`; empty when they say the same."""
    return [
        *_changed_rules(before.rules, after.rules, currency),
        *_changed_tiers(before, after, currency),
        *_changed_count(before, after),
        *_changed_fields(OF_TERMS, before, after, currency),
    ]


def _changed_rules(old: Sequence[RuleRow], new: Sequence[RuleRow], currency: str) -> Iterator[Change]:
    """Rules are the same when they have the same key."""
    olds, news = {rule.key: rule for rule in old}, {rule.key: rule for rule in new}
    for key in {**olds, **news}:
        what = Sentence("Rule “%(rule)s”", rule=key)
        was, now = olds.get(key), news.get(key)
        if was is None and now is not None:
            yield Change(what, None, earns(now, currency), (Sentence("Agents can earn by one more rule."),))
        elif now is None and was is not None:
            yield Change(what, earns(was, currency), None, (Sentence("Nobody earns by this rule any more."),))
        elif was is not None and now is not None:
            yield from _changed_rule(was, now, currency)


def _changed_rule(was: RuleRow, now: RuleRow, currency: str) -> Iterator[Change]:
    old, new = earns(was, currency), earns(now, currency)
    if as_json(old) != as_json(new):
        what = Sentence("Rule “%(rule)s”", rule=now.key)
        yield Change(what, old, new, (_earns_otherwise(was, now, currency),))
    for change in _changed_fields(OF_RULES, was, now, currency):
        what = Sentence("Rule “%(rule)s”: %(what)s", rule=now.key, what=change.what)
        yield change._replace(what=what)


def _earns_otherwise(was: RuleRow, now: RuleRow, currency: str) -> Sentence:
    if was.rate_bps is not None and now.rate_bps is not None and was.rate_bps != now.rate_bps:
        return _on_a_payment(now.rate_bps - was.rate_bps, currency)
    if was.amount is not None and now.amount is not None and was.amount != now.amount:
        differs = now.amount - was.amount
        sentence = (
            Sentence("Agents earn %(amount)s more each time.")
            if differs > 0
            else Sentence("Agents earn %(amount)s less each time.")
        )
        return sentence.about(amount=Amount(abs(differs), currency))
    if was.payments != now.payments:
        if now.payments == Payments.FIRST:
            return Sentence("Later payments of a customer earn nothing by this rule any more.")
        return Sentence("Later payments of a customer earn, too.")
    return Sentence("Agents earn by it for something else, or another sum.")


def _on_a_payment(bps: int, currency: str) -> Sentence:
    """What a rate that rises or falls by so much makes of a payment."""
    sentence = (
        Sentence("Of a payment of %(paid)s, an agent earns %(amount)s more.")
        if bps > 0
        else Sentence("Of a payment of %(paid)s, an agent earns %(amount)s less.")
    )
    return sentence.about(
        paid=Amount(EXAMPLE, currency), amount=Amount(EXAMPLE * abs(bps) // WHOLE, currency)
    )


def _changed_tiers(before: TermsDraft, after: TermsDraft, currency: str) -> Iterator[Change]:
    """Tiers are the same when they have the same name, or else begin at the same volume."""
    left = list(after.tiers)
    for was in before.tiers:
        now = _counterpart(was, left)
        what = Sentence("Tier %(tier)s", tier=was.name)
        old = reaches(was, before.measure, currency)
        if now is None:
            yield Change(what, old, None, (Sentence("Nobody reaches this tier any more."),))
            continue
        left.remove(now)
        if now != was or before.measure != after.measure:
            means = tuple(_tier_differs(was, now, before.measure != after.measure, currency))
            yield Change(what, old, reaches(now, after.measure, currency), means)
    for added in left:
        what = Sentence("Tier %(tier)s", tier=added.name)
        means = (Sentence("Agents can reach one more tier."),)
        yield Change(what, None, reaches(added, after.measure, currency), means)


def _counterpart(was: TierRow, among: Sequence[TierRow]) -> TierRow | None:
    by_name = next((tier for tier in among if tier.name == was.name), None)
    return by_name or next((tier for tier in among if tier.threshold == was.threshold), None)


def _tier_differs(was: TierRow, now: TierRow, counts_otherwise: bool, currency: str) -> Iterator[Sentence]:
    if now.name != was.name:
        yield Sentence("It has another name.")
    if now.rate_bps != was.rate_bps:
        yield _on_a_payment(now.rate_bps - was.rate_bps, currency)
    if counts_otherwise and now.threshold:
        yield Sentence("It is reached by something else than before.")
    elif now.threshold > was.threshold:
        yield Sentence("It is harder to reach.")
    elif now.threshold < was.threshold:
        yield Sentence("It is easier to reach.")


def _changed_count(before: TermsDraft, after: TermsDraft) -> Iterator[Change]:
    old, new = counted(before), counted(after)
    if as_json(old) == as_json(new):
        return
    if (before.measure, before.window_kind) != (after.measure, after.window_kind):
        means = Sentence("Agents reach and lose their tiers otherwise than before.")
    elif (after.window_days or 0) > (before.window_days or 0):
        means = Sentence("Agents reach their tiers more easily and keep them longer.")
    else:
        means = Sentence("Agents lose their tiers sooner.")
    yield Change(Sentence("What a tier follows from"), old, new, (means,))


def _changed_fields(fields: Sequence[Field], was: Any, now: Any, currency: str) -> Iterator[Change]:
    for field in fields:
        old, new = getattr(was, field.name), getattr(now, field.name)
        if old != new:
            means = field.more if _is_more(field.name, old, new) else field.less
            yield Change(field.called, field.reads(old, currency), field.reads(new, currency), (means,))


GENEROUS = [Base.NET_OF_FEE, Base.NET_OF_VAT, Base.GROSS]
"""What a percentage is taken of, from little to much, as tariffs go."""


def _is_more(name: str, old: Any, new: Any) -> bool:
    """No cap and no end are the most there is."""
    if name == "base":
        return GENEROUS.index(new) > GENEROUS.index(old)
    if isinstance(old, str) or isinstance(new, str):
        return bool(new) and not old
    return new is None or (old is not None and new > old)


def _amount(value: int | None, currency: str) -> Any:
    return None if value is None else Amount(value, currency)


def _rate(value: int, currency: str) -> Rate:
    return Rate(value)


def _days(value: int | None, currency: str) -> Any:
    return None if value is None else Counted("%(num)s day", "%(num)s days", num=value)


def _months(value: int | None, currency: str) -> Any:
    return None if value is None else Counted("%(num)s month", "%(num)s months", num=value)


def _text(value: str | None, currency: str) -> Any:
    return value


def _yes(value: bool, currency: str) -> Sentence:
    return Sentence("yes") if value else Sentence("no")


def _word(of: dict[str, Sentence]) -> Callable[[Any, str], Any]:
    return lambda value, currency: of[value] if value else None


EARN_MORE = Sentence("Agents who come to it earn more.")
EARN_LESS = Sentence("Agents who come to it earn less.")
OTHERWISE = Sentence("It works otherwise for all who earn by it.")
OTHER_PLANS = Sentence("Other payments than before earn by it.")
MORE_WAIT = Sentence("Bonuses wait, or wait longer, until they are available.")
LESS_WAIT = Sentence("Bonuses are available sooner.")

OF_RULES = [
    Field("plan", Sentence("product plan"), _text, OTHER_PLANS, OTHER_PLANS),
    Field(
        "months",
        Sentence("goes on for"),
        _months,
        Sentence("Customers earn for their agents longer."),
        Sentence("Customers stop earning for their agents sooner."),
    ),
    Field("months_from", Sentence("months from"), _word(names.MONTHS_FROM), OTHERWISE, OTHERWISE),
    Field(
        "base",
        Sentence("taken of"),
        _word(names.BASES),
        Sentence("The percentage is taken of more of each payment."),
        Sentence("The percentage is taken of less of each payment."),
    ),
    Field("line_cap", Sentence("most at once"), _amount, EARN_MORE, EARN_LESS),
    Field("customer_cap", Sentence("most for one customer"), _amount, EARN_MORE, EARN_LESS),
    Field("monthly_cap", Sentence("most in a calendar month"), _amount, EARN_MORE, EARN_LESS),
    Field("condition", Sentence("condition"), _word(names.CONDITIONS), MORE_WAIT, OTHERWISE),
    Field("condition_days", Sentence("condition within"), _days, MORE_WAIT, LESS_WAIT),
    Field(
        "on_cancel", Sentence("taken back on a cancellation"), _word(names.ON_CANCEL), OTHERWISE, OTHERWISE
    ),
    Field(
        "cancel_days",
        Sentence("taken back when earned within"),
        _days,
        Sentence("A cancellation takes back more."),
        Sentence("A cancellation takes back less."),
    ),
    Field("reward", Sentence("paid as"), _word(names.REWARDS), OTHERWISE, OTHERWISE),
]
OF_TERMS = [
    Field(
        "retroactive",
        Sentence("Counts for the whole window"),
        _yes,
        Sentence("Agents who reach a tier are also paid the difference for what they earned before."),
        Sentence("A tier that is reached counts only from then on."),
    ),
    Field(
        "grace_days",
        Sentence("Grace"),
        _days,
        Sentence("Agents keep a tier for longer after they lost it."),
        Sentence("Agents keep a tier for less long after they lost it."),
    ),
    Field(
        "freeze_tier",
        Sentence("Tier kept from the sign-up on"),
        _yes,
        Sentence("Customers earn at the tier that their agent had when they signed up, for good."),
        Sentence("Customers earn at the tier that their agent has when they pay."),
    ),
    Field(
        "hold_days",
        Sentence("Hold"),
        _days,
        Sentence("Agents wait longer for what they earned."),
        Sentence("Agents get sooner what they earned."),
    ),
    Field(
        "click_window_days",
        Sentence("A click counts for"),
        _days,
        Sentence("Customers who take their time are more often an agent's."),
        Sentence("Customers who take their time are less often an agent's."),
    ),
    Field(
        "minimum_payout",
        Sentence("Smallest payout"),
        _amount,
        Sentence("Agents who earn little are paid less often."),
        Sentence("Agents who earn little are paid more often."),
    ),
    Field(
        "evidence",
        Sentence("Payments that earn"),
        _word(names.EVIDENCE),
        OTHERWISE,
        Sentence("Other payments than before earn a commission."),
    ),
    Field(
        "on_agent_closed",
        Sentence("What closed agents' customers pay later"),
        _word(names.ON_AGENT_CLOSED),
        OTHERWISE,
        Sentence("What becomes of it when an agent is closed is another than before."),
    ),
    Field(
        "vat_bps",
        Sentence("VAT in the price"),
        _rate,
        Sentence("Rules net of VAT pay less."),
        Sentence("Rules net of VAT pay more."),
    ),
    Field(
        "fee_bps",
        Sentence("Bank's fee"),
        _rate,
        Sentence("Rules net of the fee pay less."),
        Sentence("Rules net of the fee pay more."),
    ),
    Field(
        "fee_minimum",
        Sentence("Bank's fee, at least"),
        _amount,
        Sentence("Rules net of the fee pay less."),
        Sentence("Rules net of the fee pay more."),
    ),
]
