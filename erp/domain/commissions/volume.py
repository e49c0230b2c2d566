"""The volume that a tier follows from, as SQL over a fact `f` of the engine: all kinds but the common one.

Common are connections over rolling days: the engine counts them by itself. Here is the rest in one expression. The
moments at which volume is looked at are the fact's own and, with grace, the beginning of the grace and every rise
since, because what was highest was reached at one of them. For each moment the window begins (`opens`, not included)
and ends: at the moment itself, or when terms are retroactive with the calendar window around it.

Facts are ordered by (occurred_at, id). A moment takes in all facts of its instant, but the event's own only those that
were recorded before it.
"""

LAST = "9223372036854775807"
"""An id after all others: with it, a moment takes in everything that happened at that instant."""

MONEY_BACK = """coalesce(max(x.refunded_total) filter (where x.kind = 'refund'{until}), 0)
  + greatest(0, coalesce(max(x.refunded_total) filter (where x.kind = 'chargeback'{until}), 0)
              - coalesce(max(x.refunded_total) filter (where x.kind = 'chargeback_reversal'{until}), 0))"""
"""What of a payment has gone back to the customer, from events `x` about it: each kind tells cumulative totals."""

COUNTS = "p.kind = 'payment' and (t.evidence = 'attested' or p.evidence = 'bank_checked')"
"""Whether event `p` is a payment that terms `t` count."""

_CONNECTIONS = """
  select count(*) from referral_share c
  where c.agent_id = f.agent_id and c.programme_id = f.programme_id and c.connected_at > w.opens
    and c.connected_at <= w.until"""

_PAID = f"""
  select sum(p.amount) as amount from event p
  where p.customer_id = r.customer_id and {COUNTS} and p.currency = g.currency and p.occurred_at > w.opens
    and (p.occurred_at, p.id) <= (w.until, w.until_id)"""

_GONE_BACK = f"""
  select -sum(least(p.amount, x.by_the_end) - least(p.amount, x.by_the_beginning)) as amount
  from (select x.original_event_id, {MONEY_BACK.format(until="")} as by_the_end,
               {MONEY_BACK.format(until=" and x.occurred_at <= w.opens")} as by_the_beginning
        from event x
        where x.customer_id = r.customer_id and x.original_event_id is not null
          and (x.occurred_at, x.id) <= (w.until, w.until_id)
        group by x.original_event_id) x
  join event p on p.id = x.original_event_id
  where {COUNTS} and p.currency = g.currency"""

_REVENUE = f"""
  select coalesce(sum(m.amount), 0) from referral_share c join referral r on r.id = c.referral_id
  cross join lateral ({_PAID} union all {_GONE_BACK}) m
  where c.agent_id = f.agent_id and c.programme_id = f.programme_id"""

_MOMENTS = f"""
  select n.at, n.id
  union all
  select n.at - make_interval(hours => 24 * t.grace_days::integer), {LAST} where t.grace_days > 0
  union all
  select c.connected_at, {LAST} from referral_share c
  where t.grace_days > 0 and t.measure = 'connections' and c.agent_id = f.agent_id
    and c.programme_id = f.programme_id and c.connected_at < n.at
    and c.connected_at > n.at - make_interval(hours => 24 * t.grace_days::integer)
  union all
  select x.occurred_at, x.id
  from referral_share c join referral r on r.id = c.referral_id join event x on x.customer_id = r.customer_id
  where t.grace_days > 0 and t.measure = 'revenue' and c.agent_id = f.agent_id
    and c.programme_id = f.programme_id and x.kind in ('payment', 'chargeback_reversal')
    and (x.occurred_at, x.id) < (n.at, n.id)
    and x.occurred_at > n.at - make_interval(hours => 24 * t.grace_days::integer)"""

_BEGINS = "date_trunc(t.window_kind, m.at at time zone g.zone)"
_CALENDAR = "t.window_kind in ('month', 'quarter')"

_WINDOW = f"""
  select case when t.window_kind = 'rolling' then m.at - make_interval(hours => 24 * t.window_days::integer)
              when {_CALENDAR} then {_BEGINS} at time zone g.zone - interval '1 microsecond'
              else '-infinity' end as opens,
         case when not t.retroactive then m.at
              when {_CALENDAR}
                then ({_BEGINS} + case t.window_kind when 'month' then interval '1 month' else interval '3 months' end)
                     at time zone g.zone - interval '1 microsecond'
              else 'infinity' end as until,
         case when t.retroactive then {LAST} else m.id end as until_id"""

_COUNTED_AT = f"""
  select case when t.freeze_tier then least(f.registered_at, f.occurred_at) else f.occurred_at end as at,
         case when t.freeze_tier and f.registered_at < f.occurred_at then {LAST} else f.event_id end as id"""

VOLUME = f"""(
  select greatest(0, max(case t.measure when 'connections' then ({_CONNECTIONS}) else ({_REVENUE}) end))::bigint
  from terms t join programme g on g.id = t.programme_id
  cross join lateral ({_COUNTED_AT}) n
  cross join lateral ({_MOMENTS}) m
  cross join lateral ({_WINDOW}) w
  where t.id = f.terms_id)"""
"""The highest volume that counts for the fact `f`: never less than nothing."""
