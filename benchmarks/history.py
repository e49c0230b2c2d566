"""The history under the replay benchmark, laid down set by set as a superuser with triggers off.

50,000 agents in three programmes with monthly caps, three customers each; so many events over a year, one in twenty a
refund of half a payment; one agent in twenty connects a place in the middle of it that lifts them a tier. Nothing of it
is booked: a replay does not look, and the proof against the books is another matter.
"""

from __future__ import annotations

import datetime as dt

import psycopg

from benchmarks.ground import IDS

AGENTS, CUSTOMERS_PER_AGENT, PROGRAMMES = 50_000, 3, 3
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""The end of the history."""
REFUNDS = 20
"""Every so manieth event is a refund."""

STATEMENTS = (
    """insert into programme (id, reference, key, name, currency, zone, created_at)
       select programme_no(p), 'PRG-' || p, 'programme-' || p, 'Programme ' || p, 'RUB', 'Europe/Moscow', %(now)s
       from generate_series(0, %(programmes)s - 1) p""",
    # The first version is active, the second a draft with other rates and another cap.
    """insert into terms (id, programme_id, version, state, note, window_days, hold_days, click_window_days,
                          minimum_payout, created_at, effective_from, activated_by)
       select terms_no(10 * v + p), programme_no(p), v, case v when 1 then 'active' else 'draft' end, '', 90, 14, 30, 0,
              %(now)s, case v when 1 then %(now)s end, case v when 1 then 'ground' end
       from generate_series(0, %(programmes)s - 1) p, generate_series(1, 2) v""",
    """insert into rule (terms_id, key, event_kind, monthly_cap)
       select terms_no(10 * v + p), 'percent', 'payment', case v when 1 then 150000 else 120000 end
       from generate_series(0, %(programmes)s - 1) p, generate_series(1, 2) v""",
    """insert into tier (terms_id, position, name, threshold, rate_bps)
       select terms_no(10 * v + p), t.position, t.name, t.threshold, t.rate_bps + 50 * (v - 1)
       from generate_series(0, %(programmes)s - 1) p, generate_series(1, 2) v,
            (values (1, 'Bronze', 0, 1000), (2, 'Silver', 1, 1500), (3, 'Gold', 3, 2000))
            as t(position, name, threshold, rate_bps)""",
    """insert into agent (id, reference, code, state, phone_cipher, phone_hash, registered_at, activated_at)
       select agent_no(i), 'AGT-' || i, upper(lpad(to_hex(i), 6, '0')), 'active', '\\x00', decode(md5(i::text), 'hex'),
              %(now)s, %(now)s from generate_series(0, %(agents)s - 1) i""",
    """insert into customer (id, reference, external_id, kind, signed_up_at, request_hash)
       select customer_no(c), 'CUS-' || c, 'bench-' || c, 'establishment', %(now)s - interval '1 year', '\\x00'
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    """insert into referral (id, reference, customer_id, programme_id, terms_id, basis, code, proof, registered_at)
       select referral_no(c), 'REF-' || c, customer_no(c), programme_no(c / %(per_agent)s %% %(programmes)s),
              terms_no(10 + c / %(per_agent)s %% %(programmes)s), 'code', 'GR0UND', '{}', %(now)s - interval '1 year'
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    # The last connection of one agent in twenty comes in the middle of the year, and lifts the agent a tier.
    """insert into referral_share (referral_id, agent_id, bps, programme_id, connected_at)
       select referral_no(c), agent_no(c / %(per_agent)s), 10000, programme_no(c / %(per_agent)s %% %(programmes)s),
              %(now)s - case when c %% (20 * %(per_agent)s) = 0 then interval '180 days' else interval '365 days' end
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    """insert into event (source, source_id, kind, customer_id, amount, currency, evidence, occurred_at, recorded_at)
       select 'bench', 'payment-' || n, 'payment', customer_no(n * 7919 %% (%(agents)s * %(per_agent)s)),
              100000 + n * 31337 %% 800000, 'RUB', 'bank_checked',
              %(now)s - interval '365 days' + n * (interval '364 days' / %(payments)s), %(now)s
       from generate_series(1, cast(%(payments)s as bigint)) n""",
    """insert into event (source, source_id, kind, customer_id, amount, currency, evidence, occurred_at, recorded_at,
                          original_event_id, refunded_total)
       select 'bench', 'refund-' || e.id, 'refund', e.customer_id, e.amount / 2, 'RUB', 'bank_checked',
              e.occurred_at + interval '1 day', %(now)s, e.id, e.amount / 2
       from event e order by md5(e.id::text) limit %(refunds)s""",
)


def lay(superuser: psycopg.Connection, events: int) -> None:
    """So many events over the year before `NOW`."""
    superuser.execute("set session_replication_role = replica")
    superuser.execute("set synchronous_commit = off")
    superuser.execute("set work_mem = '256MB'")
    superuser.execute(IDS)
    for statement in STATEMENTS:
        superuser.execute(
            statement,
            {
                "agents": AGENTS,
                "per_agent": CUSTOMERS_PER_AGENT,
                "programmes": PROGRAMMES,
                "payments": events - events // REFUNDS,
                "refunds": events // REFUNDS,
                "now": NOW,
            },
        )
    superuser.execute("vacuum analyze")
    superuser.execute("checkpoint")
    superuser.execute("reset all")
