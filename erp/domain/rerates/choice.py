"""Which referrals a re-rate is for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from erp.domain.referrals import terms_at
from erp.domain.rerates.rules import SeveralProgrammes
from erp.kernel.db import Row, rows
from erp.kernel.errors import NotFound

NOW = "cast(:now as timestamptz)"


@dataclass(frozen=True)
class Choice:
    """Referrals of one programme: those that follow a version, those of an agent, those named; all, if nothing is said."""

    programme_id: UUID
    terms_id: UUID | None = None
    agent_id: UUID | None = None
    referral_ids: Sequence[UUID] | None = None

    @property
    def params(self) -> dict[str, Any]:
        return {
            "programme_id": self.programme_id,
            "of_terms": self.terms_id,
            "of_agent": self.agent_id,
            "of_referrals": None if self.referral_ids is None else list(self.referral_ids),
        }


CHOSEN = f"""
  select r.id, r.terms_id from (
    select r.id, {terms_at(NOW)} as terms_id from referral r
    where r.programme_id = :programme_id
      and (cast(:of_referrals as uuid[]) is null or r.id = any(:of_referrals))
      and (cast(:of_agent as uuid) is null
           or exists (select 1 from referral_share s where s.referral_id = r.id and s.agent_id = :of_agent))
      and (not r.is_rerated or not exists (
             select 1 from (select m.from_at, m.terms_id from referral_terms m where m.referral_id = r.id
                            order by m.id desc limit 1) m
             where m.from_at > {NOW} and m.terms_id <> {terms_at(NOW)}))) r
  where r.terms_id <> :terms_id and (cast(:of_terms as uuid) is null or r.terms_id = :of_terms)"""
"""Referrals that can be moved to `:terms_id`: of the choice, neither there already nor waiting for another move."""


def programme_of(referral_ids: Sequence[UUID]) -> UUID:
    """The programme that all these referrals are of. Raises `SeveralProgrammes`, `NotFound`."""
    found = rows(
        "select distinct programme_id from referral where id = any(:ids) limit 2", ids=list(referral_ids)
    )
    if not found:
        raise NotFound
    if len(found) > 1:
        raise SeveralProgrammes
    return UUID(str(found[0].programme_id))


def chosen(choice: Choice, terms_id: UUID, now: dt.datetime) -> Sequence[Row]:
    """What a move to these terms would be for, by the version followed today: (version, terms_id, referrals, agents)."""
    return rows(
        f"""select t.version, t.id as terms_id, count(distinct c.id) as referrals, count(distinct s.agent_id) as agents
            from ({CHOSEN}) c join terms t on t.id = c.terms_id join referral_share s on s.referral_id = c.id
            group by t.id order by t.version""",
        terms_id=terms_id,
        now=now,
        **choice.params,
    )
