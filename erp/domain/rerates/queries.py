"""Reads of re-rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within

RERATE = """select x.id, x.reference, x.state, x.code, x.note, x.from_at, x.proposed_by, x.proposed_at, x.counted_at,
                   x.decided_by, x.decided_at, x.decision_note, x.withdrawn_by, x.withdrawn_at, x.terms_id, t.version,
                   x.programme_id, p.name as programme_name, p.reference as programme_reference, p.currency, p.zone,
                   p.notice_days, n.*, f.referrals
            from rerate x join terms t on t.id = x.terms_id join programme p on p.id = x.programme_id
            cross join lateral (
              select count(*) as agents, count(*) filter (where earned is not null) as counted,
                     sum(earned)::bigint as earned, sum(would_earn)::bigint as would_earn,
                     sum(elsewhere)::bigint as elsewhere, sum(would_earn - earned + elsewhere)::bigint as difference
              from rerate_agent a where a.rerate_id = x.id) n
            cross join lateral (select count(*) as referrals from rerate_referral r where r.rerate_id = x.id) f"""
SORTS = {
    "waiting": "state <> 'proposed', proposed_at desc, id desc",
    "proposed_at": "proposed_at, id",
    "-proposed_at": "proposed_at desc, id desc",
    "from_at": "from_at, id",
    "-from_at": "from_at desc, id desc",
    "referrals": "referrals, id",
    "-referrals": "referrals desc, id desc",
    "difference": "difference nulls last, id",
    "-difference": "difference desc nulls last, id desc",
}


def find(reference: str) -> sa.Row[Any]:
    """Raises `NotFound`."""
    found = row(f"{RERATE} where x.reference = :reference", reference=reference.strip().upper())
    if found is None:
        raise NotFound
    return found


def search(*, q: str = "", state: str = "", span: Span = EVER, sort: str = "waiting") -> Listed:
    """Re-rates, those that wait for a decision first; `q`: the beginning of a reference, or part of a programme's name."""
    return Listed(
        f"""{RERATE} where (:state = '' or x.state = :state) and {within("x.proposed_at")}
              and (:q = '' or x.reference like upper(:q) || '%' or strpos(lower(p.name), lower(:q)) > 0)""",
        SORTS,
        sort,
        {"q": q.strip(), "state": state, **span.params},
    )


AGENT_SORTS = {
    "worst": "difference nulls last, agent_id",
    "difference": "difference nulls last, agent_id",
    "-difference": "difference desc nulls last, agent_id",
    "earned": "earned, agent_id",
    "-earned": "earned desc nulls last, agent_id",
    "referrals": "referrals, agent_id",
    "-referrals": "referrals desc, agent_id",
}


def agents(rerate_id: UUID, *, sort: str = "worst") -> Listed:
    """Whom a re-rate concerns: what they earned and would have earned, who loses most first; and when they were told."""
    return Listed(
        """select r.agent_id, a.reference as agent_reference, a.code as agent_code, r.referrals, r.earned, r.would_earn,
                  r.elsewhere, r.would_earn - r.earned + r.elsewhere as difference, p.currency, n.told_at
           from rerate_agent r join agent a on a.id = r.agent_id join rerate x on x.id = r.rerate_id
           join programme p on p.id = x.programme_id
           left join notice n on n.rerate_id = r.rerate_id and n.agent_id = r.agent_id and n.kind = 'rerate'
           where r.rerate_id = :id""",
        AGENT_SORTS,
        sort,
        {"id": rerate_id},
    )


def totals(rerate_id: UUID) -> sa.Row[Any]:
    """How many agents win, lose, and stay as they are, and by how much in all: (winners, losers, same, won, lost)."""
    found = row(
        """select count(*) filter (where d > 0) as winners, count(*) filter (where d < 0) as losers,
                  count(*) filter (where d = 0) as same, coalesce(sum(d) filter (where d > 0), 0)::bigint as won,
                  coalesce(-sum(d) filter (where d < 0), 0)::bigint as lost
           from (select would_earn - earned + elsewhere as d from rerate_agent where rerate_id = :id) x""",
        id=rerate_id,
    )
    assert found is not None
    return found


def of_referral(referral_id: UUID) -> Sequence[sa.Row[Any]]:
    """Every re-rate that a referral was part of, the first proposed first; `old_version` is what it followed then."""
    return rows(
        """select x.reference, x.state, x.code, x.from_at, x.decided_at, t.version, o.version as old_version
           from rerate_referral r join rerate x on x.id = r.rerate_id join terms t on t.id = x.terms_id
           join terms o on o.id = r.terms_id where r.referral_id = :id order by x.proposed_at, x.id""",
        id=referral_id,
    )


def of_terms(rerate_id: UUID) -> Sequence[sa.Row[Any]]:
    """Which terms the referrals of a re-rate came from: (terms_id, version, referrals)."""
    return rows(
        """select t.id as terms_id, t.version, count(*) as referrals from rerate_referral r join terms t on t.id = r.terms_id
           where r.rerate_id = :id group by t.id order by t.version""",
        id=rerate_id,
    )
