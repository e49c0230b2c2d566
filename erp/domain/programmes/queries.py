"""Reads of programmes, terms and tiers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.programmes.rules import RuleRow, TermsDraft, TierRow
from erp.kernel.db import row, rows
from erp.kernel.errors import DomainError, NotFound
from erp.kernel.paging import Listed, alphabetical
from erp.kernel.sentences import Sentence

RULE = [field.name for field in fields(RuleRow)]
TERMS = [field.name for field in fields(TermsDraft) if field.name not in {"tiers", "rules"}]


class NoActiveTerms(DomainError):
    code = "no_active_terms"
    sentence = Sentence("The programme has no active terms. Activate a version of its terms first.")


PINNABLE = """
select t.id, t.version, t.programme_id, p.key as programme_key, p.reference as programme_reference,
       p.name as programme_name, p.currency, p.zone, t.effective_from, t.window_days, t.hold_days, t.click_window_days,
       t.minimum_payout
from terms t join programme p on p.id = t.programme_id"""
SINCE = """(t.effective_from <= :at or t.version = 1 and t.state in ('active', 'retired'))
and (t.retired_at is null or t.retired_at > :at)"""
LATEST = "t.effective_from <= :at desc, t.effective_from desc, t.version desc"
IN_FORCE = f"""{PINNABLE} where (cast(:key as text) is null or p.key = :key) and {SINCE}
order by p.created_at, {LATEST} limit 1"""
"""What was or will be in force at a moment, whatever the states say by now."""


def active_terms(programme_key: str | None, at: dt.datetime) -> sa.Row[Any]:
    """The terms that are in force at `at`; without a key, of the oldest programme. Raises `NoActiveTerms`."""
    found = row(IN_FORCE, key=programme_key, at=at)
    if found is None:
        raise NoActiveTerms
    return found


def terms_to_pin(programme_key: str | None, at: dt.datetime) -> sa.Row[Any]:
    """The terms that a referral made at `at` is pinned to, kept in force until this transaction ends.

    Facts that arrive late find the version that was in force then. Whoever waited here for a version to be activated
    or retired looks once more, since what is in force now was not there when they began. Raises `NoActiveTerms`.
    """
    for _attempt in range(2):
        found = row(f"{IN_FORCE} for share of t", key=programme_key, at=at)
        if found is not None:
            return found
    raise NoActiveTerms


def in_force(at: dt.datetime) -> Sequence[sa.Row[Any]]:
    """What is in force at `at`, of each programme the version that a referral would be pinned to; oldest first."""
    return rows(
        f"""select x.* from programme g
            cross join lateral ({PINNABLE} where t.programme_id = g.id and {SINCE} order by {LATEST} limit 1) x
            order by g.created_at, g.id""",
        at=at,
    )


def scheduled(programme_id: UUID, after: dt.datetime) -> sa.Row[Any] | None:
    """The next version that is to take force."""
    return row(
        f"""{PINNABLE} where t.programme_id = :id and t.state = 'scheduled' and t.effective_from > :after
            order by t.effective_from limit 1""",
        id=programme_id,
        after=after,
    )


def pinned(terms_id: UUID) -> sa.Row[Any]:
    """A version that a referral is pinned to, with its programme. Raises `NotFound`."""
    found = row(f"{PINNABLE} where t.id = :id", id=terms_id)
    if found is None:
        raise NotFound
    return found


SORTS = {"name": f"{alphabetical('name')}, id", "-name": f"{alphabetical('name')} desc, id"}


def search(*, q: str = "", with_draft: bool = False, sort: str = "name") -> Listed:
    """Programmes with what their active terms, if any, say in short, and how many referrals they have."""
    return Listed(
        """select p.id, p.reference, p.key, p.name, p.currency, p.zone, p.created_at, t.id as terms_id,
                  t.version, t.effective_from, t.hold_days, t.window_days, rates.lowest_bps, rates.highest_bps,
                  (select count(*) from referral r where r.programme_id = p.id) as referrals,
                  (select min(s.effective_from) from terms s where s.programme_id = p.id and s.state = 'scheduled') as next_from
           from programme p left join terms t on t.programme_id = p.id and t.state = 'active'
           left join lateral (select min(rate_bps) as lowest_bps, max(rate_bps) as highest_bps
                              from tier where tier.terms_id = t.id) rates on true
           where (:q = '' or p.name ilike '%' || :q || '%' or p.key ilike '%' || :q || '%' or p.reference = :q)
             and (not :with_draft or exists (select 1 from terms d where d.programme_id = p.id and d.state = 'draft'))""",
        SORTS,
        sort,
        {"q": q, "with_draft": with_draft},
    )


PROGRAMME = "select id, reference, key, name, currency, zone, notice_days, created_at from programme"


def get(id: UUID) -> sa.Row[Any]:
    found = row(f"{PROGRAMME} where id = :id", id=id)
    if found is None:
        raise NotFound
    return found


def find(reference: str) -> sa.Row[Any]:
    found = row(f"{PROGRAMME} where reference = :ref", ref=reference)
    if found is None:
        raise NotFound
    return found


VERSIONS = """
select t.id, t.version, t.state, t.note, t.revision, t.window_days, t.hold_days, t.click_window_days,
       t.minimum_payout, t.evidence, t.on_agent_closed, t.created_at, t.effective_from, t.retired_at,
       t.measure, t.window_kind, t.retroactive, t.grace_days, t.freeze_tier, t.vat_bps, t.fee_bps, t.fee_minimum,
       (select count(*) from referral where referral.terms_id = t.id) as referrals
from terms t"""


def versions(programme_id: UUID) -> Sequence[sa.Row[Any]]:
    """Every version of the terms, newest first, with the referrals pinned to it."""
    return rows(f"{VERSIONS} where t.programme_id = :id order by t.version desc", id=programme_id)


def version(programme_id: UUID, number: int) -> sa.Row[Any]:
    """One version of a programme's terms. Raises `NotFound`."""
    found = row(
        f"{VERSIONS} where t.programme_id = :id and t.version = :number", id=programme_id, number=number
    )
    if found is None:
        raise NotFound
    return found


def version_of(terms_id: UUID) -> sa.Row[Any]:
    """The same by its id."""
    found = row(f"{VERSIONS} where t.id = :id", id=terms_id)
    if found is None:
        raise NotFound
    return found


def tiers(terms_id: UUID) -> Sequence[sa.Row[Any]]:
    return rows(
        "select position, name, threshold, rate_bps from tier where terms_id = :id order by position",
        id=terms_id,
    )


def rules(terms_id: UUID) -> Sequence[sa.Row[Any]]:
    """The rules of a version in their order; the columns are the fields of `RuleRow`."""
    return rows(f"select {', '.join(RULE)} from rule where terms_id = :id order by position", id=terms_id)


def as_draft(terms_id: UUID) -> TermsDraft:
    """A version of the terms as it was written down. Raises `NotFound`."""
    found = row(f"select {', '.join(TERMS)} from terms where id = :id", id=terms_id)
    if found is None:
        raise NotFound
    return TermsDraft(
        [TierRow(tier.name, tier.threshold, tier.rate_bps) for tier in tiers(terms_id)],
        [RuleRow(**rule._asdict()) for rule in rules(terms_id)],
        **found._asdict(),
    )
