"""Where an agent stands in each programme's active terms, what makes it so, and how it came and will go."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from erp.domain.commissions.rules import (
    FOREVER,
    Change,
    Move,
    Tier,
    Window,
    graced,
    moves,
    steps,
    tier_at,
    volume_at,
)
from erp.kernel.db import rows, scalar


@dataclass(frozen=True)
class Connection:
    """A connection that counts now, and until when it does (none: for ever)."""

    referral_reference: str
    establishment_reference: str
    establishment_name: str
    connected_at: dt.datetime
    counts_until: dt.datetime | None


@dataclass(frozen=True)
class Standing:
    """An agent in one programme. `moves` are by the terms in force now; the future ones come if nothing is added.

    `volume` counts connections, or minor units of revenue, as `measure` says. `next_worth`: how much more the next tier
    would have made of what was earned in the window, caps left aside.
    """

    programme_reference: str
    programme_name: str
    currency: str
    terms_version: int
    measure: str
    window_kind: str
    window_days: int | None
    grace_days: int
    tiers: Sequence[Tier]
    volume: int
    tier: Tier
    next_tier: Tier | None
    next_worth: int
    counted: Sequence[Connection]
    moves: Sequence[Move]

    @property
    def missing(self) -> int:
        """How much the next tier still takes; 0 at the top."""
        return self.next_tier.threshold - self.volume if self.next_tier else 0


def standing(agent_id: UUID, now: dt.datetime) -> list[Standing]:
    """One standing for each programme that has active terms, the oldest programme first."""
    terms = rows(
        """select p.id, p.reference, p.name, p.currency, p.zone, t.id as terms_id, t.version, t.measure, t.window_kind,
                  t.window_days, t.retroactive, t.grace_days, t.evidence,
                  array(select row_to_json(x) from tier x where x.terms_id = t.id order by x.threshold) as tiers
           from programme p join terms t on t.programme_id = p.id and t.state = 'active' order by p.created_at"""
    )
    connected = defaultdict(list)
    for share in _connections(agent_id, now):
        connected[share.programme_id].append(share)
    return [_standing(agent_id, found, connected[found.id], now) for found in terms]


def _connections(agent_id: UUID, now: dt.datetime) -> Sequence[sa.Row[Any]]:
    """Every connection of an agent, oldest first."""
    return rows(
        """select s.programme_id, s.connected_at, r.reference as referral_reference,
                  e.reference as establishment_reference, e.name as establishment_name
           from referral_share s join referral r on r.id = s.referral_id
           join establishment e on e.id = r.establishment_id
           where s.agent_id = :agent_id and s.connected_at <= :now order by s.connected_at, r.id""",
        agent_id=agent_id,
        now=now,
    )


def _standing(
    agent_id: UUID, terms: sa.Row[Any], connected: Sequence[sa.Row[Any]], now: dt.datetime
) -> Standing:
    window = Window(terms.window_kind, terms.window_days, ZoneInfo(terms.zone), terms.retroactive)
    tiers = [Tier(tier["name"], tier["threshold"], tier["rate_bps"]) for tier in terms.tiers]
    by_revenue = terms.measure == "revenue"
    changes = (
        _revenue(agent_id, terms, now)
        if by_revenue
        else [Change(share.connected_at, 1) for share in connected]
    )
    taken = steps(changes, window.counts)
    kept = graced(taken, dt.timedelta(days=terms.grace_days))
    tier = tier_at(volume_at(kept, now), tiers)
    following = next((higher for higher in tiers if higher.threshold > tier.threshold), None)
    return Standing(
        programme_reference=terms.reference,
        programme_name=terms.name,
        currency=terms.currency,
        terms_version=terms.version,
        measure=terms.measure,
        window_kind=terms.window_kind,
        window_days=terms.window_days,
        grace_days=terms.grace_days,
        tiers=tiers,
        volume=max(0, volume_at(taken, now)),
        tier=tier,
        next_tier=following,
        next_worth=_worth_of(agent_id, terms, window, following, now) if following else 0,
        counted=[] if by_revenue else list(_counting(connected, window, now)),
        moves=moves(kept, tiers, changes, has_grace=terms.grace_days > 0),
    )


def _counting(connected: Iterable[sa.Row[Any]], window: Window, now: dt.datetime) -> Iterable[Connection]:
    for share in connected:
        _, until = window.counts(share.connected_at)
        if until > now:
            yield Connection(
                share.referral_reference,
                share.establishment_reference,
                share.establishment_name,
                share.connected_at,
                None if until == FOREVER else until,
            )


def _revenue(agent_id: UUID, terms: sa.Row[Any], now: dt.datetime) -> list[Change]:
    """What an agent's customers paid and got back, each when it happened."""
    found = rows(
        """select e.id, e.kind, e.occurred_at, e.amount, e.refunded_total, e.original_event_id
           from referral_share s join referral r on r.id = s.referral_id join event e on e.customer_id = r.customer_id
           left join event p on p.id = e.original_event_id
           where s.agent_id = :agent_id and s.programme_id = :programme_id and e.occurred_at <= :now
             and e.kind in ('payment', 'refund', 'chargeback', 'chargeback_reversal')
             and (:evidence = 'attested' or coalesce(p.evidence, e.evidence) = 'bank_checked')
           order by e.occurred_at, e.id""",
        agent_id=agent_id,
        programme_id=terms.id,
        evidence=terms.evidence,
        now=now,
    )
    changes, paid = [], {event.id: event.amount for event in found if event.kind == "payment"}
    most: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    gone: dict[int, int] = defaultdict(int)
    for event in found:
        of = event.original_event_id
        if event.kind == "payment":
            changes.append(Change(event.occurred_at, event.amount))
        elif of in paid:
            most[of][event.kind] = max(most[of][event.kind], event.refunded_total)
            charged = max(0, most[of]["chargeback"] - most[of]["chargeback_reversal"])
            back = min(paid[of], most[of]["refund"] + charged)
            changes.append(Change(event.occurred_at, gone[of] - back))
            gone[of] = back
    return changes


def _worth_of(agent_id: UUID, terms: sa.Row[Any], window: Window, tier: Tier, now: dt.datetime) -> int:
    """What a higher tier would have made of the window's commissions by tier, more than they made."""
    since = now - dt.timedelta(days=window.days) if window.days else None
    if since is None and window.kind != "lifetime":
        since = Window(window.kind, None, window.zone, retroactive=True).counts(now)[0]
    worth: int = scalar(
        """select coalesce(sum(greatest(0, (2 * c.base * :rate + 10000) / 20000 - c.uncapped)), 0)::bigint
           from commission c join rule u on u.id = c.rule_id
           where c.agent_id = :agent_id and c.terms_id = :terms_id and c.kind = 'accrual' and u.kind = 'percent'
             and u.rate_bps is null and c.occurred_at <= :now
             and (cast(:since as timestamptz) is null or c.occurred_at >= :since)""",
        agent_id=agent_id,
        terms_id=terms.terms_id,
        rate=tier.rate_bps,
        since=since,
        now=now,
    )
    return worth
