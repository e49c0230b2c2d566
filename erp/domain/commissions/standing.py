"""Where an agent stands in each programme's active terms, which connections make it so, and how it came and will go."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.commissions.rules import Move, Tier, moves, tier_at
from erp.kernel.db import rows


@dataclass(frozen=True)
class Connection:
    """A connection that counts now, and until when it does."""

    referral_reference: str
    establishment_reference: str
    establishment_name: str
    connected_at: dt.datetime
    counts_until: dt.datetime


@dataclass(frozen=True)
class Standing:
    """An agent in one programme. `moves` are by the terms in force now; the future ones come if nothing is added."""

    programme_reference: str
    programme_name: str
    currency: str
    terms_version: int
    window_days: int
    tiers: Sequence[Tier]
    tier: Tier
    next_tier: Tier | None
    counted: Sequence[Connection]
    moves: Sequence[Move]

    @property
    def volume(self) -> int:
        """How many connections count now."""
        return len(self.counted)

    @property
    def missing(self) -> int:
        """How many connections the next tier still takes; 0 at the top."""
        return self.next_tier.threshold - self.volume if self.next_tier else 0


def standing(agent_id: UUID, now: dt.datetime) -> list[Standing]:
    """One standing for each programme that has active terms, the oldest programme first."""
    terms = rows(
        """select p.id, p.reference, p.name, p.currency, t.version, t.window_days,
                  array(select row_to_json(x) from tier x where x.terms_id = t.id order by x.threshold) as tiers
           from programme p join terms t on t.programme_id = p.id and t.state = 'active' order by p.created_at"""
    )
    connected = defaultdict(list)
    for share in _connections(agent_id, now):
        connected[share.programme_id].append(share)
    return [_standing(found, connected[found.id], now) for found in terms]


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


def _standing(terms: sa.Row[Any], connected: Sequence[sa.Row[Any]], now: dt.datetime) -> Standing:
    window = dt.timedelta(days=terms.window_days)
    tiers = [Tier(tier["name"], tier["threshold"], tier["rate_bps"]) for tier in terms.tiers]
    counted = [
        Connection(
            share.referral_reference,
            share.establishment_reference,
            share.establishment_name,
            share.connected_at,
            share.connected_at + window,
        )
        for share in connected
        if share.connected_at > now - window
    ]
    return Standing(
        programme_reference=terms.reference,
        programme_name=terms.name,
        currency=terms.currency,
        terms_version=terms.version,
        window_days=terms.window_days,
        tiers=tiers,
        tier=tier_at(len(counted), tiers),
        next_tier=next((tier for tier in tiers if tier.threshold > len(counted)), None),
        counted=counted,
        moves=moves((share.connected_at for share in connected), window, tiers),
    )
