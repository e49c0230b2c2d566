"""The one engine: a SELECT from three relations (facts, agreements, opening state) to commission lines.

For every event that a fact concerns and every agent who shares in its customer, the engine computes what each rule
makes the commission be, from facts alone, and compares it with what is booked; the differences are the lines to write.
So the same text accrues, reverses and trues up; a duplicate finds no difference, and the order in which facts arrive
does not change any net amount.

- evidence: a payment counts when the bank has confirmed it, or when the terms take the owner's word
- rule: of the event's kind and plan; one without a plan is for the plans that no other rule of its kind names
- volume and tier: `volume.py`; the tier is the highest of the pinned schedule whose threshold the volume reaches
- base: the payment, net of VAT or fee when the rule says so, or the fixed amount; shares split by largest remainder
- uncapped: base x rate, half-up; nothing when the rule is for the first payment or for some months, and it is past
- caps in closed form, least(cap, cumulative) - least(cap, previous cumulative): line, customer, calendar month of the
  programme's zone
- taken back: `takings.py`

`LINES` reads facts and agreements from the relation `concerned` (`facts.py`) and what is booked from `opening`. Over a
whole history, with nothing booked, `history.py` joins the same expressions otherwise. What terms do not use costs
little: it stands behind a `case`. Starting a long statement costs too, and for a single event that is most of it, so
BOOK_COMMON is the same text without the parts that common terms never need and those for late facts and split shares;
it answers NOT_COMMON instead of booking when one of them was needed. A new fact that comes alone needs less still
(`alone.py`).
"""

from erp.domain.commissions.facts import CONCERNS_MORE, FACTS_OF_ALL, FOLLOWED_BY, facts_of_events
from erp.domain.commissions.takings import taken_back
from erp.domain.commissions.volume import COUNTS, VOLUME

BOOKED = "opening as not materialized (select * from commission)"
"""The opening state of the live writer: all that is booked."""
NOTHING_BOOKED = "opening as not materialized (select * from commission where false)"
"""That of a preview: every line is still to be written."""


def whole(terms: str = "t") -> str:
    """SQL: what all agents who share in an event have between them to earn on; `terms` says where VAT and fee stand."""
    return f"""case when u.kind = 'fixed' then u.amount
         when u.base = 'gross' then k.amount
         when u.base = 'net_of_vat' then (2 * k.amount * 10000 + 10000 + {terms}.vat_bps) / (2 * (10000 + {terms}.vat_bps))
         else greatest(0, k.amount - greatest({terms}.fee_minimum, (2 * k.amount * {terms}.fee_bps + 10000) / 20000)) end"""


def confirmed(terms: str = "t") -> str:
    """SQL: whether terms count an event: a payment that the bank has confirmed, or whatever the owner says."""
    return f"(k.kind <> 'payment' or {terms}.evidence = 'attested' or k.evidence = 'bank_checked')"


RULE_FITS = """u.event_kind = k.kind
               and (u.plan is null or u.plan = k.plan)
               and (u.plan is not null or k.plan is null or not exists (
                      select 1 from rule v where v.terms_id = u.terms_id and v.kind = u.kind and v.plan = k.plan))"""
"""Whether a rule is for an event: one without a plan is for the plans that no other rule of its kind names."""

PARTED = """select part.base from (
    select x.agent_id, w.whole * x.bps / 10000
           + case when row_number() over (order by w.whole * x.bps % 10000 desc, x.agent_id)
                       <= w.whole - sum(w.whole * x.bps / 10000) over () then 1 else 0 end as base
    from referral_share x where x.referral_id = k.referral_id) part
  where part.agent_id = k.agent_id"""
OWN_PART = f"case when k.bps = 10000 then w.whole when k.bps is null then 0 else ({PARTED}) end"
"""What the agent has to earn on."""

IN_TIME = f"""(
  select (u.payments = 'every' or not exists (
           select 1 from event p where p.customer_id = f.customer_id and {COUNTS}
             and (p.occurred_at, p.id) < (f.occurred_at, f.event_id)))
     and (u.months is null or f.occurred_at < (
           case u.months_from when 'sign_up' then f.registered_at
                else (select min(p.occurred_at) from event p where p.customer_id = f.customer_id and {COUNTS}) end
           at time zone g.zone + make_interval(months => u.months::integer)) at time zone g.zone)
  from rule u join terms t on t.id = u.terms_id join programme g on g.id = t.programme_id where u.id = f.rule_id)"""
"""Whether the payment is still among those that the rule is for."""

CONNECTED = """select count(*) from referral_share c
                        where c.agent_id = f.agent_id and c.programme_id = f.programme_id
                          and c.connected_at <= f.occurred_at
                          and c.connected_at > f.occurred_at - make_interval(hours => 24 * f.window_days::integer)"""
"""The common volume: connections over rolling days."""
TIER = """select tier.position, tier.rate_bps from tier
      where tier.terms_id = f.terms_id and tier.threshold <= v.volume order by tier.threshold desc limit 1"""
"""The highest tier that the volume reaches."""
RATE = "case when f.is_percent then coalesce(f.own_rate, tier.rate_bps) end"

EARNED = """case when rate.is_in_time then (2 * {base} * coalesce(rate.rate_bps, 10000) + 10000) / 20000
                  else 0 end"""
"""What a commission comes to before caps: base x rate, half-up."""

PER_CUSTOMER = "r.agent_id, r.rule_id, r.referral_id"
PER_MONTH = "r.agent_id, r.rule_id, r.month"
"""Whose sums the caps bound."""


def left_of(amount: str, cap: str, before: str) -> str:
    """SQL: what of `o`'s amount its cap leaves after what came before."""
    return f"""case when o.{cap} is null then o.{amount}
                     else least(o.{cap}, o.{before} + o.{amount}) - least(o.{cap}, o.{before})
                end::bigint"""


def left_of_cap(*, amount: str, cap: str, answer: str) -> str:
    """The step that leaves of `amount` what `cap` does, as `answer`, when `before_answer` came before it."""
    return f"""
  {answer}_worth as (
    select o.*, {left_of(amount, cap, f"before_{answer}")} as {answer}
    from {answer}_after o
  )"""


def _capped(*, source: str, amount: str, cap: str, per: str, booked: str, answer: str) -> str:
    """Steps that leave of `amount` what `cap` does, as `answer`; `per` says whose sum it bounds.

    What came before each line is what was `booked` between it and the one recomputed before it, summed up.
    """
    return f"""
  {answer}_in_turn as (
    select r.*, lag(r.occurred_at) over turn as {answer}_at, lag(r.event_id) over turn as {answer}_id
    from {source} r window turn as (partition by {per} order by r.occurred_at, r.event_id)
  ),
  {answer}_after as (
    select r.*, case when r.{cap} is null then 0
                     else total(r.{amount} + gap.amount) over (partition by {per} order by r.occurred_at, r.event_id)
                          - r.{amount} end::bigint as before_{answer}
    from {answer}_in_turn r
    cross join lateral (
      select coalesce(total(b.amount), 0) as amount from ({booked}) b
      where r.{answer}_at is null or (b.occurred_at, b.event_id) > (r.{answer}_at, r.{answer}_id)) gap
  ),{left_of_cap(amount=amount, cap=cap, answer=answer)}"""


OF_CUSTOMER = """
        select e.occurred_at, e.id as event_id, c.line_capped + coalesce((
                 select total(x.line_capped) from opening x where x.accrual_id = c.id and x.kind <> 'accrual'), 0) as amount
        from event e join opening c on c.event_id = e.id and c.kind = 'accrual'
        where r.customer_cap is not null and e.customer_id = r.customer_id and c.rule_id = r.rule_id
          and c.agent_id = r.agent_id and (e.occurred_at, e.id) < (r.occurred_at, r.event_id)"""
OF_MONTH = """
        select c.occurred_at, c.event_id, c.customer_capped as amount from opening c
        where r.monthly_cap is not null and {asked}c.agent_id = r.agent_id and c.programme_id = r.programme_id
          and c.occurred_at >= r.month and (c.occurred_at, c.event_id) < (r.occurred_at, r.event_id)
          and c.kind <> 'reversal' and c.rule_id = r.rule_id"""

BY_CUSTOMER = (
    _capped(
        source="rated",
        amount="line_capped",
        cap="customer_cap",
        per=PER_CUSTOMER,
        booked=OF_CUSTOMER,
        answer="customer_capped",
    )
    + ","
)


def _gone_back(condition: str) -> str:
    """The step that looks up what followed each event, one by one: for a batch of few among many."""
    return f"""cross join lateral (
      select {FOLLOWED_BY} from event x where x.original_event_id = k.event_id{condition}) gone"""


GONE_BACK = _gone_back("")
IS_OLD_ENOUGH = " and k.event_id <= (select max(x.original_event_id) from event x)"
"""Whether anything could have followed an event yet: mostly nothing is newer than what others are about."""
IS_BOOKED_SO_FAR = " and r.event_id <= (select max(x.event_id) from opening x where x.kind = 'accrual')"
"""Whether an event could be booked yet."""
GONE = "least(k.amount, coalesce(gone.money, 0))"
"""What of a payment has gone back."""

COMMON = "t.measure = 'connections' and t.window_kind = 'rolling' and t.grace_days = 0 and not t.freeze_tier"
"""Whether terms count connections over rolling days, and nothing else."""
ALWAYS = "u.payments = 'every' and u.months is null"
"""Whether a rule is for every payment."""
ENDS_WITH_CANCELLATION = "u.on_cancel = 'all' or (u.on_cancel = 'unearned' and k.prepaid_days is not null)"
"""Whether a customer who cancels takes something of what a rule earned for an event."""


def _facts(base: str, kept: str, gone_back: str) -> str:
    """What each rule has to go by for each event and agent that are concerned; `base` is what the agent earns on, `kept`
    what else is kept of `concerned`."""
    return f"""
  facts as (
    select {kept}k.cause_id, k.source_id, k.frozen, k.event_id, k.agent_id, k.customer_id, k.referral_id, k.registered_at,
           coalesce(k.amount, 0) as paid, coalesce(k.currency, p.currency) as currency, k.occurred_at, k.prepaid_days,
           t.programme_id, k.terms_id, t.hold_days, t.window_days, u.id as rule_id, u.line_cap, u.customer_cap,
           u.monthly_cap, u.kind = 'percent' as is_percent, u.rate_bps as own_rate, u.reward = 'credit' as is_credit,
           date_trunc('month', k.occurred_at, p.zone) as month,
           {COMMON} as is_common,
           {ALWAYS} as is_always, u.condition is not null as is_conditional,
           {ENDS_WITH_CANCELLATION} as ends_with_cancellation,
           {base} as base,
           {GONE} as refunded,
           coalesce(gone.has_lapsed, false) as has_lapsed, coalesce(gone.is_decided, false) as is_decided
    from concerned k
    join terms t on t.id = k.terms_id and {confirmed()}
    join programme p on p.id = t.programme_id
    join rule u on u.terms_id = t.id and {RULE_FITS}
    cross join lateral (select {whole()} as whole) w
    {gone_back}
    offset 0
  )"""


_SETTLED = (
    "not r.is_new and b.accrual_id is not null and (b.uncapped, b.line_capped) = (r.uncapped, r.line_capped)"
)
SETTLED = f""",
           {_SETTLED} as is_settled,
           case when {_SETTLED} then null else r.monthly_cap end as cap,
           case when {_SETTLED} then b.accrued else r.customer_capped end as capped"""
"""Whether only what goes back is asked about a line, and it is booked as it is computed up to the cap of the month: then
what the cap left of it stands. To count that month once more would be to read all its lines, mostly long out of memory;
whatever fact came late and changes it is told itself, and goes through the whole text."""


def lines(*, common: bool) -> str:
    """From `concerned` and `opening` to the relation `line`. `common` leaves out what common terms never need."""
    volume, in_time = ("null", "true") if common else (VOLUME, IN_TIME)
    by_customer = "" if common else BY_CUSTOMER
    source = "rated" if common else "customer_capped_worth"
    settled = SETTLED if common else ""
    per_month = f"{PER_MONTH}, r.is_settled" if common else PER_MONTH
    of_month = OF_MONTH.format(asked="not r.is_settled and " if common else "")
    customer_capped = "least(f.line_cap, earned.uncapped) as customer_capped," if common else ""
    base = "w.whole" if common else OWN_PART
    facts = _facts(base, "k.is_new, " if common else "", _gone_back(IS_OLD_ENOUGH) if common else GONE_BACK)
    return f"""{facts},
  rated as (
    select f.*, v.volume, tier.position as tier_position, earned.*,
           {customer_capped} least(f.line_cap, earned.uncapped) as line_capped
    from facts f
    cross join lateral (
      select case when f.is_common
                  then ({CONNECTED})
                  else {volume} end as volume offset 0) v
    cross join lateral ({TIER}) tier
    cross join lateral (
      select {RATE} as rate_bps,
             f.is_always or {in_time} as is_in_time offset 0) rate
    cross join lateral (
      select rate.rate_bps, rate.is_in_time,
             {EARNED.format(base="f.base")} as uncapped) earned
    offset 0
  ),{by_customer}
  known as (
    select r.*, b.accrual_id, b.is_told, b.accrued as booked, b.uncapped as booked_uncapped,
           b.line_capped as booked_line_capped, b.customer_capped as booked_customer_capped,
           b.reversed as booked_reversed{settled}
    from {source} r
    left join lateral (
      select c.id as accrual_id, c.amount + coalesce(x.accrued, 0) as accrued,
             c.uncapped + coalesce(x.uncapped, 0) as uncapped,
             c.line_capped + coalesce(x.line_capped, 0) as line_capped,
             c.customer_capped + coalesce(x.customer_capped, 0) as customer_capped,
             coalesce(x.reversed, 0) as reversed, x.is_told
      from opening c
      cross join lateral (
        select (sum(x.amount) filter (where x.kind = 'true_up'))::bigint as accrued,
               sum(x.uncapped)::bigint as uncapped, sum(x.line_capped)::bigint as line_capped,
               sum(x.customer_capped)::bigint as customer_capped,
               (sum(x.amount) filter (where x.kind = 'reversal'))::bigint as reversed,
               bool_or(x.cause_event_id = r.cause_id) as is_told
        from opening x where x.accrual_id = c.id and x.kind <> 'accrual') x
      where c.event_id = r.event_id and c.rule_id = r.rule_id and c.agent_id = r.agent_id
        and c.kind = 'accrual'{IS_BOOKED_SO_FAR if common else ""} offset 0) b on true
    offset 0
  ),{
        _capped(
            source="known",
            amount="capped" if common else "customer_capped",
            cap="cap" if common else "monthly_cap",
            per=per_month,
            booked=of_month,
            answer="accrued",
        )
    },
  compared as (
    select d.*, d.accrued - coalesce(d.booked, 0) as missing,
           d.uncapped - coalesce(d.booked_uncapped, 0) as missing_uncapped,
           d.line_capped - coalesce(d.booked_line_capped, 0) as missing_line_capped,
           d.customer_capped - coalesce(d.booked_customer_capped, 0) as missing_customer_capped,
           -{taken_back(common=common)} - coalesce(d.booked_reversed, 0) as unreversed
    from accrued_worth d
    offset 0
  ),
  line as (
    select w.*, c.*
    from compared c
    -- As two parts: a list of values is prepared anew for every row.
    cross join lateral (
      select case when c.accrual_id is null then 'accrual' else 'true_up' end, c.missing, c.missing_uncapped,
             c.missing_line_capped, c.missing_customer_capped
      where case when c.accrual_id is null then c.is_in_time
                 else (c.missing, c.missing_uncapped, c.missing_line_capped, c.missing_customer_capped) <> (0, 0, 0, 0) end
      union all
      select 'reversal', c.unreversed, 0, 0, 0 where c.unreversed <> 0)
      as w(kind, amount, new_uncapped, new_line_capped, new_customer_capped)
  )
"""


LINES = lines(common=False)

LOCK = "select commission_lock(cast(:event_ids as bigint[]))"
"""Locks the agents whose lines some events may change; a statement of its own, so that the next one sees all."""

NOT_COMMON = -1
UNCOMMON = f"""
  exists (select 1 from shared s where s.kind = 'cancellation' or s.bps < 10000 or s.is_rerated or s.is_transferred)
  or {CONCERNS_MORE} or exists (
    select 1 from programme p
    where p.has_uncommon_terms and p.id in (select s.programme_id from shared s))"""
"""Whether something is asked for that the common text leaves out."""

BONUS = """left join lateral (
      select case when u.condition = 'stays' then x.until end as stays_until,
             case when u.condition = 'first_payment' then x.until end as deadline
      from rule u
      cross join lateral (select l.occurred_at + make_interval(hours => 24 * u.condition_days::integer) as until) x
      where l.is_conditional and u.id = l.rule_id offset 0) bonus on true"""
"""Until when a bonus stays on hold: for as long as the customer must stay, or until their first payment is due."""
NO_BONUS = "cross join (select null::timestamptz as stays_until, null::timestamptz as deadline) bonus"


WRITTEN = """row(l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.fresh_cause_id,
               l.amount, l.currency, l.paid, l.base, l.rate_bps, l.tier_position, l.volume, l.new_uncapped,
               l.new_line_capped, l.new_customer_capped, l.refunded, l.is_credit and a.kind = 'customer', l.occurred_at,
               greatest(l.occurred_at + make_interval(hours => 24 * l.hold_days::integer), :now, bonus.stays_until),
               bonus.deadline,
               case when l.frozen then 'attribution_case'
                    when a.state in ('suspended', 'closed') then 'agent_' || a.state end,
               l.source_id)::commission_line"""
"""A line `l` of agent `a` as the books take it."""


def _book(*, common: bool) -> str:
    bonus = NO_BONUS if common else BONUS
    answer = f"case when ({UNCOMMON}) then {NOT_COMMON} else {{}} end" if common else "{}"
    return f"""
with {BOOKED}, {facts_of_events(common=common)}, {lines(common=common)},
  -- A correction names an event that has not corrected its line before. When all of them have, the difference is due
  -- to a fact whose own turn is still to come, and waits for it.
  caused as (
    select l.*,
           case when not coalesce(l.is_told, false) then l.cause_id
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
           {WRITTEN} as line
    from caused l cross join lateral (select a.state, a.kind from agent a where a.id = l.agent_id offset 0) a
    {bonus}
    where l.fresh_cause_id is not null
  )
select {answer.format("commission_book((select array_agg(line order by occurred_at, event_id, kind) from written), :actor)")}
"""


BOOK = _book(common=False)
"""Compute what some events changed and book it; answers how many lines."""
BOOK_COMMON = _book(common=True)
"""The same, or NOT_COMMON and nothing is booked."""

DIFFERENCES = f"""
with {BOOKED}, {FACTS_OF_ALL}, {LINES}
select l.kind, l.event_id, l.source_id, l.agent_id, l.amount, l.accrual_id from line l
order by l.occurred_at, l.event_id
"""
"""What the books lack or have too much of, if anything, when all facts are computed again."""
