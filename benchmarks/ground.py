"""The history under the accrual benchmarks, laid down set by set as a superuser with triggers off.

Counts and balances are those the entries give, rates are those of the tier the agent had.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psycopg

AGENTS, CUSTOMERS_PER_AGENT, PROGRAMMES = 10_000, 3, 3
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""The end of the history; what is measured happens from here on."""

IDS = """
create function agent_no(i bigint) returns uuid language sql immutable as
  $$ select ('00000001-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
create function customer_no(i bigint) returns uuid language sql immutable as
  $$ select ('00000002-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
create function referral_no(i bigint) returns uuid language sql immutable as
  $$ select ('00000003-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
create function programme_no(i bigint) returns uuid language sql immutable as
  $$ select ('00000004-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
create function terms_no(i bigint) returns uuid language sql immutable as
  $$ select ('00000005-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
"""
"""The same numbers as in `UUID(int=…)` on the other side."""

STATEMENTS = (
    """insert into programme (id, reference, key, name, currency, zone, created_at)
       select programme_no(p), 'PRG-' || p, 'programme-' || p, 'Programme ' || p, 'RUB', 'Europe/Moscow', %(now)s
       from generate_series(0, %(programmes)s - 1) p""",
    """insert into terms (id, programme_id, version, state, note, window_days, hold_days, click_window_days,
                          minimum_payout, created_at, effective_from, activated_by)
       select terms_no(p), programme_no(p), 1, 'active', '', 90, 14, 30, 0, %(now)s, %(now)s, 'ground'
       from generate_series(0, %(programmes)s - 1) p""",
    """insert into rule (terms_id, key, event_kind, monthly_cap)
       select terms_no(p), 'percent', 'payment', 10000000 from generate_series(0, %(programmes)s - 1) p""",
    """insert into tier (terms_id, position, name, threshold, rate_bps)
       select terms_no(p), t.* from generate_series(0, %(programmes)s - 1) p,
              (values (1, 'Bronze', 0, 1000), (2, 'Silver', 2, 1500), (3, 'Gold', 3, 2000)) t""",
    """insert into agent (id, reference, code, state, phone_cipher, phone_hash, registered_at, activated_at)
       select agent_no(i), 'AGT-' || i, upper(lpad(to_hex(i), 6, '0')), 'active', '\\x00', decode(md5(i::text), 'hex'),
              %(now)s, %(now)s from generate_series(0, %(agents)s - 1) i""",
    """insert into customer (id, reference, external_id, kind, signed_up_at, request_hash)
       select customer_no(c), 'CUS-' || c, 'bench-' || c, 'establishment', %(now)s, '\\x00'
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    """insert into referral (id, reference, customer_id, programme_id, terms_id, basis, code, proof, registered_at)
       select referral_no(c), 'REF-' || c, customer_no(c), programme_no(c / %(per_agent)s %% %(programmes)s),
              terms_no(c / %(per_agent)s %% %(programmes)s), 'code', 'GR0UND', '{}', %(now)s
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    # The last connection of one agent in twenty happens while it is measured, and lifts the agent a tier.
    """insert into referral_share (referral_id, agent_id, bps, programme_id, connected_at)
       select referral_no(c), agent_no(c / %(per_agent)s), 10000, programme_no(c / %(per_agent)s %% %(programmes)s),
              case when c %% (20 * %(per_agent)s) = 0 then %(now)s + interval '10 seconds'
                   else %(now)s - interval '60 days' end
       from generate_series(0, %(agents)s * %(per_agent)s - 1) c""",
    """insert into event (source, source_id, kind, customer_id, amount, currency, evidence, occurred_at, recorded_at)
       select 'bench', 'history-' || n, 'payment', customer_no(n * 7919 %% (%(agents)s * %(per_agent)s)),
              100000 + n * 31337 %% 800000, 'RUB', 'bank_checked',
              %(now)s - interval '365 days' + n * (interval '364 days' / %(lines)s), %(now)s
       from generate_series(1, cast(%(lines)s as bigint)) n""",
    """insert into commission (kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, amount, currency,
                               paid, base, rate_bps, tier_position, volume, uncapped, line_capped, customer_capped,
                               refunded, in_credit, occurred_at, available_at, account, transaction_id, booked_at)
       select 'accrual', e.id, u.id, s.agent_id, r.id, r.programme_id, r.terms_id,
              x.worth, 'RUB', e.amount, e.amount, t.rate_bps, t.position, v.volume,
              x.worth, x.worth, x.worth, 0, false, e.occurred_at, e.occurred_at + interval '14 days',
              'pending', nextval('ledger_transaction_id_seq'), e.occurred_at
       from event e join referral r on r.customer_id = e.customer_id
       join referral_share s on s.referral_id = r.id join rule u on u.terms_id = r.terms_id
       cross join lateral (select case when e.occurred_at < %(now)s - interval '60 days' then 0
         when s.agent_id in (select agent_id from referral_share where connected_at > %(now)s) then 2 else 3 end) v(volume)
       join tier t on t.terms_id = r.terms_id and t.position = greatest(v.volume, 1)
       cross join lateral (select (2 * e.amount * t.rate_bps + 10000) / 20000) x(worth)""",
    """insert into account (agent_id, kind, currency)
       select agent_no(i), k, 'RUB' from generate_series(0, %(agents)s - 1) i,
              unnest(array['pending', 'available', 'frozen', 'in_payout', 'credit']) k
       union all select '00000000-0000-0000-0000-000000000000', 'expense', 'RUB'""",
    """insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                          currency, occurred_at, booked_at, actor, credit_seq, credit_balance)
       select c.transaction_id, 1, 'accrual', 'history-' || c.event_id, c.agent_id, x.id, a.id, c.amount, 'RUB',
              c.occurred_at, c.booked_at, 'ground', row_number() over w, sum(c.amount) over w
       from commission c
       join account a on a.agent_id = c.agent_id and a.kind = 'pending'
       join account x on x.kind = 'expense'
       window w as (partition by c.agent_id order by c.id)""",
    """insert into hold (commission_id, agent_id, until)
       select id, agent_id, available_at from commission where available_at > %(now)s""",
    # What is older has matured, each line in a transaction of its own, after all the agent's accruals.
    """with total as (select agent_id, count(*) as seq, sum(amount) as balance from commission group by agent_id),
       old as materialized (
         select c.id, c.event_id, c.agent_id, c.amount, c.available_at, t.seq, t.balance,
                nextval('ledger_transaction_id_seq') as tx, row_number() over w as nth, sum(c.amount) over w as moved
         from commission c join total t using (agent_id) where c.available_at <= %(now)s
         window w as (partition by c.agent_id order by c.id)
       ), ended as (
         insert into maturity (commission_id, amount, matured_at, transaction_id)
         select id, amount, available_at, tx from old
       )
       insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                          currency, occurred_at, booked_at, actor, debit_seq, debit_balance, credit_seq, credit_balance)
       select o.tx, 1, 'maturity', 'history-' || o.event_id, o.agent_id, p.id, a.id, o.amount, 'RUB', o.available_at,
              o.available_at, 'ground', o.seq + o.nth, o.balance - o.moved, o.nth, o.moved
       from old o
       join account p on p.agent_id = o.agent_id and p.kind = 'pending'
       join account a on a.agent_id = o.agent_id and a.kind = 'available'""",
    """update account a set seq = l.seq, balance = l.balance
       from (select distinct on (account_id) account_id, seq, balance from ledger_leg where seq is not null
             order by account_id, seq desc) l where l.account_id = a.id""",
)


BULKY = ("event", "commission", "hold", "entry", "maturity")
SESSION = (
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    "set work_mem = '256MB'",
    "set maintenance_work_mem = '512MB'",
)


def lay(
    superuser: psycopg.Connection, lines: int, programmes: int = PROGRAMMES
) -> list[tuple[int, UUID, int]]:
    """`lines` commissions over a year; answers (event id, customer, amount) of payments to refund."""
    parameters = {
        "agents": AGENTS,
        "per_agent": CUSTOMERS_PER_AGENT,
        "programmes": programmes,
        "lines": lines,
        "now": NOW,
    }
    for setting in SESSION:
        superuser.execute(setting)
    superuser.execute(IDS)
    _keep_indexes(superuser, False)
    for statement in STATEMENTS:
        superuser.execute(statement, parameters)
    _keep_indexes(superuser, True)
    for table in BULKY:
        superuser.execute(f"reindex table {table}")
    superuser.execute("vacuum analyze")
    superuser.execute("checkpoint")
    superuser.execute("reset all")
    found = superuser.execute(
        """select id, customer_id, amount from event where kind = 'payment'
           order by md5(id::text) limit 20000"""
    )
    return [(id, customer_id, amount) for id, customer_id, amount in found]


def _keep_indexes(superuser: psycopg.Connection, kept: bool) -> None:
    """Whether inserts write, and queries read, the indexes of the bulky tables: building them at the end is faster."""
    superuser.execute(
        """update pg_index set indisready = %(kept)s, indisvalid = %(kept)s
           where indrelid = any(%(tables)s::regclass[])""",
        {"kept": kept, "tables": list(BULKY)},
    )
