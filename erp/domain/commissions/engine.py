"""The one engine: a SELECT from three relations (facts, agreements, opening state) to commission lines.

For every payment that a fact concerns and every agent who shares in it, the engine computes what the commission
must be, from facts alone, and compares it with what is booked; the differences are the lines to write. So the same
text accrues, reverses and trues up; a duplicate finds no difference, and the order in which facts arrive does not
change any net amount.

- evidence: a payment counts when the bank has confirmed it, or when the terms take the owner's word
- volume: the agent's connections of the programme in the pinned window (t - days, t], t being the payment's time;
  a day is 24 hours, so that no zone of the session matters
- tier: the highest of the pinned schedule whose threshold the volume reaches
- base: the agent's part of the payment, shares split by largest remainder
- uncapped: base x rate, half-up
- monthly cap in closed form: least(cap, cumulative) - least(cap, previous cumulative) in the calendar month of the
  programme's zone
- refunds and chargebacks: accrued x refunded / paid, half-up on the cumulative total, so that all parts together
  take back it all
"""

FACTS_OF_EVENTS = """
  -- `offset 0` keeps the planner from taking a step apart, `materialized` also keeps its rows for several readers.
  asked as materialized (
    select p.*, told.cause_id, told.is_new
    from (select coalesce(e.original_event_id, e.id) as event_id, max(e.id) as cause_id,
                 bool_or(e.original_event_id is null) as is_new
          from event e where e.id = any(:event_ids) group by 1) told
    cross join lateral (
      select p.id as event_id, p.customer_id, p.kind, p.source_id, p.amount, p.currency, p.occurred_at, p.evidence
      from event p where p.id = told.event_id offset 0) p
    where p.kind in ('payment', 'connection', 'transfer')
  ),
  shared as materialized (
    select a.*, r.referral_id, r.terms_id, r.frozen, s.agent_id, s.programme_id, s.bps
    from asked a
    cross join lateral (
      select r.id as referral_id, r.terms_id, r.frozen from referral r where r.customer_id = a.customer_id offset 0) r
    cross join lateral (
      select s.agent_id, s.programme_id, s.bps from referral_share s where s.referral_id = r.referral_id offset 0) s
  ),
  -- A late connection or payment may change every later line of its agents: since when, and because of which event.
  late as (
    select agent_id, programme_id, min(occurred_at) as since, max(cause_id) as cause_id
    from shared where is_new group by agent_id, programme_id
  ),
  booked_already as (
    select c.event_id, c.agent_id, l.cause_id
    from late l
    cross join lateral (
      select c.event_id, c.agent_id from commission c
      where c.agent_id = l.agent_id and c.programme_id = l.programme_id and c.occurred_at >= l.since
        and c.kind = 'accrual' offset 0) c
    where c.event_id not in (select event_id from asked)
    union all
    -- Of agents who no longer share in it.
    select c.event_id, c.agent_id, a.cause_id
    from asked a
    cross join lateral (
      select c.event_id, c.agent_id from commission c
      where c.event_id = a.event_id and c.kind = 'accrual' offset 0) c
    where (c.event_id, c.agent_id) not in (select event_id, agent_id from shared)
  ),
  concerned as materialized (
    select event_id, source_id, amount, currency, occurred_at, evidence, referral_id, terms_id, frozen, agent_id, bps,
           cause_id
    from shared where kind = 'payment'
    union all
    select k.event_id, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, r.id, r.terms_id, r.frozen,
           k.agent_id, s.bps, k.cause_id
    from booked_already k
    cross join lateral (select * from event e where e.id = k.event_id offset 0) e
    cross join lateral (select * from referral r where r.customer_id = e.customer_id offset 0) r
    left join lateral (select s.bps from referral_share s where s.referral_id = r.id and s.agent_id = k.agent_id
                       offset 0) s on true
  )
"""
"""What changed because of some events: for the live writer."""

FACTS_OF_ALL = """
  concerned as materialized (
    select e.id as event_id, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, r.id as referral_id,
           r.terms_id, r.frozen, k.agent_id, s.bps, e.id as cause_id
    from (select e.id as event_id, s.agent_id
          from event e join referral r on r.customer_id = e.customer_id join referral_share s on s.referral_id = r.id
          where e.kind = 'payment'
          union
          select c.event_id, c.agent_id from commission c where c.kind = 'accrual') k
    join event e on e.id = k.event_id
    join referral r on r.customer_id = e.customer_id
    left join referral_share s on s.referral_id = r.id and s.agent_id = k.agent_id
  )
"""
"""Everything that ever happened: for proving that the books recompute."""

LINES = """
  facts as (
    select k.event_id, k.agent_id, k.cause_id, k.source_id, k.amount as paid, k.currency, k.occurred_at, k.referral_id,
           k.frozen, t.programme_id, k.terms_id, t.hold_days, t.window_days, u.id as rule_id, u.monthly_cap,
           date_trunc('month', k.occurred_at at time zone p.zone) at time zone p.zone as month,
           case when k.bps = 10000 then k.amount
                when k.bps is null then 0
                else (select part.base from (
                        select x.agent_id, k.amount * x.bps / 10000
                               + case when row_number() over (order by k.amount * x.bps % 10000 desc, x.agent_id)
                                           <= k.amount - sum(k.amount * x.bps / 10000) over () then 1 else 0 end as base
                        from referral_share x where x.referral_id = k.referral_id) part
                      where part.agent_id = k.agent_id)
           end as base,
           -- Totals are cumulative, each over its own kind; what a bank took back and gave again counts no more.
           (select least(k.amount, coalesce(max(f.refunded_total) filter (where f.kind = 'refund'), 0)
                     + coalesce(max(f.refunded_total) filter (where f.kind = 'chargeback'), 0)
                     - coalesce(max(f.refunded_total) filter (where f.kind = 'chargeback_reversal'), 0))
            from event f where f.original_event_id = k.event_id) as refunded
    from concerned k
    join terms t on t.id = k.terms_id and (t.evidence = 'attested' or k.evidence = 'bank_checked')
    join programme p on p.id = t.programme_id
    join rule u on u.terms_id = t.id and u.event_kind = 'payment'
    offset 0
  ),
  rated as (
    select f.*, v.volume, tier.position as tier_position, tier.rate_bps,
           (2 * f.base * tier.rate_bps + 10000) / 20000 as uncapped
    from facts f
    cross join lateral (
      select count(*) as volume from referral_share c
      where c.agent_id = f.agent_id and c.programme_id = f.programme_id and c.connected_at <= f.occurred_at
        and c.connected_at > f.occurred_at - make_interval(hours => 24 * f.window_days::integer)) v
    cross join lateral (
      select tier.position, tier.rate_bps from tier
      where tier.terms_id = f.terms_id and tier.threshold <= v.volume order by tier.threshold desc limit 1) tier
    offset 0
  ),
  -- What the month held before each: the lines booked between it and the one recomputed before it, summed up.
  preceded as (
    select r.*, lag(r.occurred_at) over month_of_agent as previous_at, lag(r.event_id) over month_of_agent as previous_id
    from rated r
    window month_of_agent as (partition by r.agent_id, r.rule_id, r.month order by r.occurred_at, r.event_id)
  ),
  opened as (
    select r.*, case when r.monthly_cap is null then 0
                     else sum(r.uncapped + gap.uncapped) over (partition by r.agent_id, r.rule_id, r.month
                                                               order by r.occurred_at, r.event_id) - r.uncapped
                end::bigint as before
    from preceded r
    cross join lateral (
      select coalesce(sum(c.uncapped), 0)::bigint as uncapped from commission c
      where r.monthly_cap is not null and c.agent_id = r.agent_id and c.programme_id = r.programme_id
        and c.occurred_at >= r.month and (c.occurred_at, c.event_id) < (r.occurred_at, r.event_id)
        and c.rule_id = r.rule_id
        and (r.previous_at is null or (c.occurred_at, c.event_id) > (r.previous_at, r.previous_id))) gap
  ),
  due as (
    select o.*, case when o.monthly_cap is null then o.uncapped
                     else least(o.monthly_cap, o.before + o.uncapped) - least(o.monthly_cap, o.before)
                end::bigint as accrued
    from opened o
  ),
  compared as (
    select d.*, b.accrual_id, d.accrued - coalesce(b.accrued, 0) as missing,
           d.uncapped - coalesce(b.uncapped, 0) as missing_uncapped,
           case when d.refunded = 0 then 0
                else -div(2 * d.accrued::numeric * d.refunded + d.paid, 2 * d.paid)::bigint end
           - coalesce(b.reversed, 0) as unreversed
    from due d
    left join lateral (
      select c.id as accrual_id, c.amount + coalesce(x.accrued, 0) as accrued,
             c.uncapped + coalesce(x.uncapped, 0) as uncapped, coalesce(x.reversed, 0) as reversed
      from commission c
      cross join lateral (
        select (sum(x.amount) filter (where x.kind = 'true_up'))::bigint as accrued,
               (sum(x.uncapped) filter (where x.kind = 'true_up'))::bigint as uncapped,
               (sum(x.amount) filter (where x.kind = 'reversal'))::bigint as reversed
        from commission x where x.accrual_id = c.id and x.kind <> 'accrual') x
      where c.event_id = d.event_id and c.rule_id = d.rule_id and c.agent_id = d.agent_id
        and c.kind = 'accrual') b on true
    offset 0
  ),
  line as (
    select w.kind, w.amount, w.new_uncapped, w.new_uncapped as new_line_capped, w.new_uncapped as new_customer_capped,
           c.*
    from compared c
    cross join lateral (values
      (case when c.accrual_id is null then 'accrual' else 'true_up' end, c.missing, c.missing_uncapped,
       c.accrual_id is null or c.missing <> 0 or c.missing_uncapped <> 0),
      ('reversal', c.unreversed, 0, c.unreversed <> 0)) as w(kind, amount, new_uncapped, is_due)
    where w.is_due
  )
"""

LOCK = "select commission_lock(cast(:event_ids as bigint[]))"
"""Locks the agents whose lines some events may change; a statement of its own, so that the next one sees all."""

BOOK = f"""
with {FACTS_OF_EVENTS}, {LINES},
  -- A correction names an event that has not corrected its line before. When all of them have, the difference is due
  -- to a fact whose own turn is still to come, and waits for it.
  caused as (
    select l.*,
           case when l.accrual_id is null then l.cause_id
                when not exists (select 1 from commission c
                                 where c.accrual_id = l.accrual_id and c.kind <> 'accrual'
                                   and c.cause_event_id = l.cause_id offset 0) then l.cause_id
                else (select max(told) from unnest(cast(:event_ids as bigint[])) told
                      where not exists (select 1 from commission c
                                        where c.accrual_id = l.accrual_id and c.kind <> 'accrual'
                                          and c.cause_event_id = told offset 0))
           end as fresh_cause_id
    from line l
    offset 0
  ),
  written as (
    select l.occurred_at, l.event_id, l.kind,
           row(l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.fresh_cause_id,
               l.amount, l.currency, l.paid, l.base, l.rate_bps, l.tier_position, l.volume, l.new_uncapped,
               l.new_line_capped, l.new_customer_capped, l.refunded, false, l.occurred_at,
               greatest(l.occurred_at + make_interval(hours => 24 * l.hold_days::integer), :now), null,
               case when l.frozen then 'attribution_case'
                    when a.state in ('suspended', 'closed') then 'agent_' || a.state end,
               l.source_id)::commission_line as line
    from caused l cross join lateral (select a.state from agent a where a.id = l.agent_id offset 0) a
    where l.fresh_cause_id is not null
  )
select commission_book((select array_agg(line order by occurred_at, event_id, kind) from written), :actor)
"""
"""Compute what some events changed and book it; answers how many lines."""

DIFFERENCES = f"""
with {FACTS_OF_ALL}, {LINES}
select l.kind, l.event_id, l.source_id, l.agent_id, l.amount, l.accrual_id from line l
order by l.occurred_at, l.event_id
"""
"""What the books lack or have too much of, if anything, when all facts are computed again."""
