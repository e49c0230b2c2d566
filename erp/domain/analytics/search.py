"""One search over every noun: whole references and codes, those with a slip, and words however they are spelt.

What is encrypted is found only whole, by its keyed hash. References and codes are looked up in their own unique
indexes (a slip is a list of a few hundred candidates); words go through the trigrams of the catalogue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from erp.domain import agents, bookings, catalogue
from erp.domain.analytics import needles
from erp.kernel.db import execute, rows

ALIKE_ENOUGH = "0.45"
"""How much of a word's trigrams must be found side by side: one slip in a word of five letters passes."""
LONGEST = 100

EXACT, BEGINS, SIMILAR, BELONGS = 0, 1, 2, 3
"""How far what was found lies from what was typed: this very one, it begins so, it is similar, it belongs to what was found."""


class Needle(NamedTuple):
    """What is looked for, by a reader at a moment. `personal`: whether contacts may be looked up; `places`: the
    establishments that were found before, to which other things belong."""

    text: str
    personal: bool
    now: dt.datetime
    limit: int
    places: Sequence[UUID] = ()


Rows = Sequence[sa.Row[Any]]


def search(
    text: str, nouns: Sequence[str], *, personal: bool, now: dt.datetime, limit: int
) -> dict[str, Rows]:
    """The best `limit` of each of `nouns` (keys of `NOUNS`), nearest first, each row with its `distance`."""
    needle = Needle(" ".join(text.replace("\0", "").split())[:LONGEST], personal, now, limit)
    if not needle.text:
        return {noun: [] for noun in nouns}
    places = _establishments(needle) if "establishment" in nouns else []
    found = {"establishment": places}
    needle = needle._replace(places=[place.id for place in places])
    for noun in nouns:
        found.setdefault(noun, NOUNS[noun](needle))
    return {noun: found[noun] for noun in nouns}


def _establishments(needle: Needle) -> Rows:
    """By reference, or by words of name and address in any order and script, with slips."""
    words, params = needles.words(needle.text), dict[str, str]()
    said = _every("e.search_text like {0}_part", [word.spelt + word.other_keys for word in words], params)
    alike = _every("e.search_text %> {0}", [word.spelt for word in words], params)
    execute("select set_config('pg_trgm.word_similarity_threshold', :enough, true)", enough=ALIKE_ENOUGH)
    return rows(
        f"""select e.id, e.reference, e.name, e.kind, e.street, e.house, e.city, {bookings.PLACE_STATE} as state,
                   case when {_wanted("e.reference")} then {_distance("e.reference")}
                        when {said} then {BEGINS} else {SIMILAR} end as distance
            from establishment e join claim_group g on g.id = e.claim_group_id
                 left join booking b on b.claim_group_id = e.claim_group_id and b.ended_at is null
                                        and b.expires_at > :now
            where e.id in (select e.id from establishment e where {_wanted("e.reference")}
                           union all select e.id from establishment e where {said} or {alike})
            order by distance, similarity(lower(e.name), :typed) desc, lower(e.name), e.id limit :limit""",
        now=needle.now,
        typed=catalogue.fold(needle.text),
        **params,
        **_reference(needle, "EST"),
    )


def _every(condition: str, words: list[list[str]], params: dict[str, str]) -> str:
    """That `condition` holds for every word in one of its spellings; these join `params`."""
    return " and ".join(
        f"({' or '.join(condition.format(_named(text, params)) for text in spellings)})"
        for spellings in words
    )


def _named(text: str, params: dict[str, str]) -> str:
    name = f"word{len(params)}"
    params |= {name: text, f"{name}_part": f"%{catalogue.literal(text)}%"}
    return f":{name}"


def _agents(needle: Needle) -> Rows:
    """By code or reference; by a whole phone number, e-mail address or INN for a reader who may see them."""
    code = agents.normalise_code(needle.text)
    known = agents.contact_hashes(*[needle.text if needle.personal else None] * 3)
    return rows(
        f"""select a.id, a.reference, a.code, a.kind, a.state,
                   case when {_wanted("a.reference")} then {_distance("a.reference")}
                        when a.code = any(:codes) then {SIMILAR} else {EXACT} end as distance
            from agent a
            where {_wanted("a.reference")} or a.code = :code or a.code = any(:codes)
               or a.phone_hash = :phone or a.email_hash = :email or a.inn_hash = :inn
            order by distance, a.registered_at desc limit :limit""",
        code=code,
        codes=[slip for slip in needles.slips(code) if agents.is_code(slip)] if agents.is_code(code) else [],
        phone=known.phone,
        email=known.email,
        inn=known.inn,
        **_reference(needle, "AGT"),
    )


def _bookings(needle: Needle) -> Rows:
    """By reference, and those of the places that were found, open ones first."""
    return rows(
        f"""select b.reference, coalesce(b.ending, b.stage) as state, b.agent_id, e.name, e.city,
                   {_or_belongs(_distance("b.reference"), _wanted("b.reference"))} as distance
            from booking b join establishment e on e.id = b.establishment_id
            where {_wanted("b.reference")} or b.establishment_id = any(:places)
            order by distance, b.ended_at is not null, b.booked_at desc limit :limit""",
        places=needle.places,
        **_reference(needle, "BKG"),
    )


def _customers(needle: Needle) -> Rows:
    """By reference or the owner's id, and those of the places that were found."""
    return rows(
        f"""select c.id, c.reference, c.external_id, c.kind as state, e.name,
                   {_or_belongs(_distance("c.reference"), f"{_wanted('c.reference')} or c.external_id = :text")}
                   as distance
            from customer c left join establishment e on e.id = c.establishment_id
            where {_wanted("c.reference")} or c.external_id = :text or c.establishment_id = any(:places)
            order by distance, c.signed_up_at desc limit :limit""",
        text=needle.text,
        places=needle.places,
        **_reference(needle, "CUS"),
    )


def _referrals(needle: Needle) -> Rows:
    """By their own reference or their customer's, by the owner's id of the customer, and those of the places found."""
    return rows(
        f"""select r.reference, r.basis as state, c.external_id, e.name,
                   {_or_belongs(_distance("r.reference"), _wanted("r.reference"))} as distance
            from referral r join customer c on c.id = r.customer_id
                 left join establishment e on e.id = r.establishment_id
            where r.id in (select r.id from referral r where {_wanted("r.reference")}
                           union all select r.id from referral r join customer c on c.id = r.customer_id
                           where c.reference = any(:customers) or c.external_id = :text
                              or c.establishment_id = any(:places))
            order by distance, r.registered_at desc limit :limit""",
        text=needle.text,
        places=needle.places,
        customers=_references(needle, "CUS"),
        **_reference(needle, "REF"),
    )


def _cases(needle: Needle) -> Rows:
    return rows(
        f"""select k.reference, k.state, e.name, r.reference as referral_reference,
                   {_or_belongs(_distance("k.reference"), _wanted("k.reference"))} as distance
            from attribution_case k join referral r on r.id = k.referral_id
                 left join establishment e on e.id = r.establishment_id
            where {_wanted("k.reference")} or r.establishment_id = any(:places)
            order by distance, k.opened_at desc limit :limit""",
        places=needle.places,
        **_reference(needle, "CASE"),
    )


def _disputes(needle: Needle) -> Rows:
    """By reference alone: what was written in them is encrypted."""
    return rows(
        f"""select d.reference, d.agent_id, case d.state when 'open' then 'open' else 'dispute.' || d.state end as state, {_distance("d.reference")} as distance
            from dispute d where {_wanted("d.reference")}
            order by distance, d.opened_at desc limit :limit""",
        **_reference(needle, "DSP"),
    )


def _reversals(needle: Needle) -> Rows:
    return rows(
        f"""select r.reference, 'reversal.' || r.state as state, r.amount, r.currency, r.proposed_at, {_distance("r.reference")} as distance
            from manual_reversal r where {_wanted("r.reference")}
            order by distance, r.proposed_at desc limit :limit""",
        **_reference(needle, "REV"),
    )


def _rerates(needle: Needle) -> Rows:
    return rows(
        f"""select x.reference, 'rerate.' || x.state as state, p.name, x.from_at, {_distance("x.reference")} as distance
            from rerate x join programme p on p.id = x.programme_id where {_wanted("x.reference")}
            order by distance, x.proposed_at desc limit :limit""",
        **_reference(needle, "RRT"),
    )


def _payments(needle: Needle) -> Rows:
    """By their own reference, the order's or the customer's; by the bank's id, or the owner's of order or customer."""
    return rows(
        f"""with belongs as (select o.id from customer_order o
                             where o.reference = any(:orders) or o.external_id = :text
                             union all select o.id from customer_order o join customer c on c.id = o.customer_id
                             where c.reference = any(:customers) or c.external_id = :text)
            select p.reference, lower(p.status) as state, p.amount, p.currency, o.external_id, p.created_at,
                   {_or_belongs(_distance("p.reference"), _wanted("p.reference"))} as distance
            from payment p join customer_order o on o.id = p.order_id
            where p.id in (select p.id from payment p
                           where {_wanted("p.reference")} or p.bank_order_id = :text
                              or p.provider = 'tbank' and p.provider_payment_id = :text
                           union all select p.id from payment p join belongs b on b.id = p.order_id)
            order by distance, p.created_at desc limit :limit""",
        text=needle.text,
        orders=_references(needle, "ORD"),
        customers=_references(needle, "CUS"),
        **_reference(needle, "PAY"),
    )


def _payouts(needle: Needle) -> Rows:
    """By their own reference or their run's, and by the bank's id of an attempt."""
    return rows(
        f"""select p.reference, p.state, p.amount, p.currency, p.agent_id, r.reference as run_reference,
                   {_or_belongs(_distance("p.reference"), _wanted("p.reference"))} as distance
            from payout p join payout_run r on r.id = p.run_id
            where p.id in (select p.id from payout p where {_wanted("p.reference")}
                           union all select p.id from payout p join payout_run r on r.id = p.run_id
                           where r.reference = any(:runs)
                           union all select t.payout_id from payout_attempt t where t.provider_payment_id = :text)
            order by distance, p.prepared_at desc limit :limit""",
        text=needle.text,
        runs=_references(needle, "RUN"),
        **_reference(needle, "PO"),
    )


def _payout_runs(needle: Needle) -> Rows:
    return rows(
        f"""select r.reference, r.state, r.note, r.prepared_at, {_distance("r.reference")} as distance
            from payout_run r where {_wanted("r.reference")}
            order by distance, r.prepared_at desc limit :limit""",
        **_reference(needle, "RUN"),
    )


def _statements(needle: Needle) -> Rows:
    return rows(
        f"""select s.reference, s.until, s.zone, s.agent_id, {_distance("s.reference")} as distance
            from statement s where {_wanted("s.reference")}
            order by distance, s.until desc limit :limit""",
        **_reference(needle, "STM"),
    )


def _programmes(needle: Needle) -> Rows:
    """By reference, or by name or key, with slips: an owner has a handful."""
    return rows(
        f"""select p.reference, p.name, p.currency,
                   case when {_wanted("p.reference")} then {_distance("p.reference")}
                        when strpos(lower(p.name), lower(:text)) > 0 or p.key = lower(:text) then {BEGINS}
                        else {SIMILAR} end as distance
            from programme p
            where {_wanted("p.reference")} or strpos(lower(p.name), lower(:text)) > 0 or p.key = lower(:text)
               or word_similarity(lower(:text), lower(p.name)) > {ALIKE_ENOUGH}
            order by distance, lower(p.name) limit :limit""",
        text=needle.text,
        **_reference(needle, "PRG"),
    )


def _back_tests(needle: Needle) -> Rows:
    return rows(
        f"""select b.reference, b.note, b.asked_at, {_distance("b.reference")} as distance
            from back_test b where {_wanted("b.reference")}
            order by distance, b.asked_at desc limit :limit""",
        **_reference(needle, "BKT"),
    )


def _staff(needle: Needle) -> Rows:
    """Colleagues by name or e-mail address, with slips."""
    return rows(
        f"""select s.reference, s.name, s.roles, case when s.active then 'active' else 'inactive' end as state,
                   case when {_wanted("s.reference")} then {_distance("s.reference")}
                        when strpos(lower(s.name), lower(:text)) > 0 or strpos(s.email, lower(:text)) > 0
                        then {BEGINS} else {SIMILAR} end as distance
            from staff s
            where {_wanted("s.reference")} or strpos(lower(s.name), lower(:text)) > 0
               or strpos(s.email, lower(:text)) > 0 or word_similarity(lower(:text), lower(s.name)) > {ALIKE_ENOUGH}
            order by distance, s.active desc, lower(s.name) limit :limit""",
        text=needle.text,
        **_reference(needle, "STF"),
    )


NOUNS: dict[str, Callable[[Needle], Rows]] = {
    "agent": _agents,
    "establishment": _establishments,
    "booking": _bookings,
    "referral": _referrals,
    "customer": _customers,
    "case": _cases,
    "dispute": _disputes,
    "reversal": _reversals,
    "payment": _payments,
    "payout": _payouts,
    "payout_run": _payout_runs,
    "statement": _statements,
    "programme": _programmes,
    "rerate": _rerates,
    "back_test": _back_tests,
    "staff": _staff,
}


def _wanted(column: str) -> str:
    return f"({column} = any(:near) or {column} between :first and :last)"


def _distance(column: str) -> str:
    return f"case when {column} = :exact then {EXACT} when {column} = any(:near) then {SIMILAR} else {BEGINS} end"


def _or_belongs(distance: str, wanted: str) -> str:
    return f"case when {wanted} then {distance} else {BELONGS} end"


def _reference(needle: Needle, prefix: str) -> dict[str, Any]:
    """What `_wanted` and `_distance` ask for, and the limit."""
    likely = needles.likely(needle.text, prefix)
    return {**vars(likely), "near": [*likely.near, likely.exact], "limit": needle.limit}


def _references(needle: Needle, prefix: str) -> list[str]:
    likely = needles.likely(needle.text, prefix)
    return [*likely.near, likely.exact]
