"""`ref check` finds a sound history sound, and names the one row that somebody damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass

import psycopg
import pytest
from click.testing import CliRunner, Result

from erp.cli import ref
from erp.invariants import AUDITED, examine
from erp.kernel.db import db
from erp.kernel.findings import Audited

NUMBERS = range(1, 13)


@dataclass(frozen=True)
class Damage:
    """To one row, by `sql`, which returns how `ref check` calls it; law `number` is broken by it.

    `before` takes away a constraint that would refuse even a superuser.
    """

    number: int
    what: str
    sql: str
    before: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.what}"


def only(table: str, where: str = "true", key: str = "id") -> str:
    """The condition that picks one row of a table."""
    return f"{key} = (select {key} from {table} where {where} order by {key} limit 1)"


ACCRUAL = only("commission", "kind = 'accrual' and amount > 0 and rate_bps > 0")
REVERSAL = only("commission", "kind = 'reversal'")
PAID_PAYOUT = only("payout", "state = 'paid'")
PENDING = only("account", "kind = 'pending' and balance > 0")
ONE_ENTRY = only("entry", "kind = 'accrual'", "transaction_id")
DAMAGES = [
    Damage(
        1,
        "an entry whose line number shows another is missing",
        f"update entry set line = 2 where {ONE_ENTRY} returning 'transaction ' || transaction_id",
    ),
    Damage(
        1,
        "an entry in another currency",
        f"update entry set currency = 'USD' where {ONE_ENTRY} returning 'transaction ' || transaction_id",
    ),
    Damage(
        1,
        "an entry whose account is gone",
        f"update entry set debit_account_id = 0 where {ONE_ENTRY} returning 'transaction ' || transaction_id",
    ),
    Damage(
        1,
        "an entry without an amount",
        f"update entry set amount = 0 where {ONE_ENTRY} returning 'transaction ' || transaction_id",
        "alter table entry drop constraint entry_amount_check",
    ),
    Damage(
        2,
        "a balance set by hand",
        f"update account set balance = balance + 1 where {PENDING} returning 'account ' || id",
    ),
    Damage(
        2,
        "a count set by hand",
        f"update account set seq = seq + 1 where {PENDING} returning 'account ' || id",
    ),
    Damage(
        2,
        "a running balance",
        f"update entry set credit_balance = credit_balance + 1 where {ONE_ENTRY}"
        " returning 'transaction ' || transaction_id",
    ),
    Damage(
        2,
        "an entry of another amount",
        f"update entry set amount = amount + 1 where {ONE_ENTRY} returning 'account ' || credit_account_id",
    ),
    Damage(
        2,
        "an entry removed",
        f"delete from entry where {ONE_ENTRY} returning 'account ' || credit_account_id",
    ),
    Damage(
        2,
        "a line of the trial balance with which a month was closed",
        "update period_balance set debit = debit + 1, closing = closing - 1 where kind = 'expense'"
        " returning 'period ' || to_char(month, 'YYYY-MM') || ': expense'",
    ),
    Damage(
        2,
        "a payment whose fee is another in the books",
        "update payment set fee_bps = fee_bps + 100 where confirmed_at is not null returning reference",
    ),
    Damage(
        2,
        "a settlement of another amount",
        "update settlement set amount = amount + 1 where voided_at is null returning reference",
    ),
    Damage(
        2,
        "a debt written off by another amount",
        "update write_off set amount = amount + 1 where state = 'approved' returning reference",
    ),
    Damage(
        3,
        "an accrual twice",
        "insert into commission overriding system value select * from twin"
        " returning (select min(id) from commission) || ', 999999: several accruals'",
        f"""drop index one_accrual_per_event_rule_agent;
            create temporary table twin as select * from commission where {only("commission")};
            update twin set id = 999999""",
    ),
    Damage(
        3,
        "a correction twice",
        "insert into commission overriding system value select * from twin"
        " returning ', 999999: several corrections of accrual ' || accrual_id",
        f"""drop index one_correction_per_accrual_and_cause;
            create temporary table twin as select * from commission where {REVERSAL};
            update twin set id = 999999""",
    ),
    Damage(
        3,
        "a commission that the ledger booked otherwise",
        f"update commission set amount = amount + 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        3,
        "a commission that was never booked",
        "update commission set transaction_id = 999999 where " + ACCRUAL + " returning 'commission ' || id",
    ),
    Damage(
        3,
        "a booking without its commission",
        f"delete from commission where {REVERSAL} returning 'transaction ' || transaction_id",
    ),
    Damage(
        3,
        "a maturity of another amount",
        "update maturity set amount = amount + 1 where "
        + only("maturity", "amount > 0", "commission_id")
        + " returning 'maturity of commission ' || commission_id",
    ),
    Damage(
        3,
        "a release of another amount",
        "update release set amount = amount + 1 where "
        + only("release", "amount > 0", "commission_id")
        + " returning 'release of commission ' || commission_id",
    ),
    Damage(
        3,
        "a freeze of another amount",
        "update commission_freeze set amount = amount + 1 where "
        + only("commission_freeze", "amount > 0")
        + " returning 'freeze of commission ' || commission_id",
    ),
    Damage(
        3,
        "a frozen line without its freeze",
        "update hold set freeze_id = null where "
        + only("hold", "reason is not null", "commission_id")
        + " returning 'commission ' || commission_id || ': it is held for'",
    ),
    Damage(
        3,
        "a freeze without evidence",
        "update commission_freeze set evidence = '{}' where "
        + only("commission_freeze", "id in (select freeze_id from hold)")
        + " returning 'commission ' || commission_id || ': it is held for'",
    ),
    Damage(
        3,
        "a freeze that ended and lasts",
        "update hold set freeze_id = (select min(freeze_id) from release) where "
        + only("hold", "reason is not null", "commission_id")
        + " returning 'does not last, or has not ended, exactly once'",
    ),
    Damage(
        3,
        "a deadline that nobody kept",
        "update commission_freeze set outcome = 'release', due_at = frozen_at - interval '2 years' where "
        + only("commission_freeze", "id in (select freeze_id from hold)")
        + " returning 'commission ' || commission_id || ': nobody decided until'",
    ),
    Damage(
        3,
        "frozen lines of more than is frozen",
        "update account set balance = balance + 1 where "
        + only("account", "kind = 'frozen' and balance > 0")
        + " returning 'agent ' || agent_id",
    ),
    Damage(
        3,
        "a forfeiture of another amount",
        "update forfeiture set amount = amount + 1 where "
        + only("forfeiture", key="commission_id")
        + " returning 'forfeiture of commission ' || commission_id",
    ),
    Damage(
        3,
        "a forfeiture that is gone",
        "delete from forfeiture where "
        + only("forfeiture", key="commission_id")
        + " returning 'commission ' || commission_id",
    ),
    Damage(
        3,
        "a commission neither held nor matured",
        "delete from hold where "
        + only("hold", key="commission_id")
        + " returning 'commission ' || commission_id",
    ),
    Damage(
        3,
        "a commission both held and matured",
        """insert into hold select c.id, c.agent_id, c.available_at, null from commission c
              where c.id = (select min(commission_id) from maturity) returning 'commission ' || commission_id""",
    ),
    Damage(
        4,
        "a place booked twice",
        """update booking set ended_at = null, ending = null, claim_group_id =
                (select claim_group_id from booking where ended_at is null limit 1)
              where """
        + only("booking", "ending = 'released'")
        + " returning reference",
        "drop index booking_one_open_per_claim_group",
    ),
    Damage(
        5,
        "a customer with two referrals",
        """update referral set customer_id = (select customer_id from referral order by id desc limit 1)
              where """
        + only("referral")
        + " returning reference",
        "alter table referral drop constraint referral_customer_id_key",
    ),
    Damage(
        5,
        "shares that are not the whole",
        "update referral_share set bps = bps - 1 where "
        + only("referral_share", "bps = 7000", "referral_id")
        + " and bps = 7000 returning (select reference from referral where id = referral_id)",
    ),
    Damage(
        5,
        "a share that is gone",
        "delete from referral_share where "
        + only("referral_share", "bps = 10000", "referral_id")
        + " returning (select reference from referral where id = referral_id)",
    ),
    Damage(
        5,
        "an agent who is their own customer",
        """update customer set phone_hash = a.phone_hash
              from referral r join referral_share s on s.referral_id = r.id join agent a on a.id = s.agent_id
              where customer.id = r.customer_id and r."""
        + only("referral")
        + " returning r.reference",
    ),
    Damage(
        5,
        "a customer who became an agent and earns on themselves",
        """update agent set email_hash = 'me' where id = (select agent_id from referral_share order by referral_id
                limit 1) returning (select reference from referral order by id limit 1)""",
        "update customer set email_hash = 'me' where id = (select customer_id from referral order by id limit 1)",
    ),
    Damage(
        5,
        "a move to other terms on another day than two people agreed on",
        "update rerate x set from_at = x.from_at - interval '1 hour' where x.id in (select rerate_id from referral_terms)"
        " and state = 'approved' returning 're-rate ' || reference || ': it moved on another day'",
    ),
    Damage(
        5,
        "a move to other terms that nobody approved",
        "update rerate x set state = 'refused' where x.id in (select rerate_id from referral_terms)"
        " and state = 'approved' returning 're-rate ' || reference || ': nobody approved it'",
    ),
    Damage(
        6,
        "an amount",
        f"update commission set amount = amount + 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6,
        "an amount before the cap",
        f"update commission set uncapped = uncapped + 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6,
        "a base",
        f"update commission set base = base + 10000 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6,
        "a rate",
        f"update commission set rate_bps = rate_bps - 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6, "a volume", f"update commission set volume = 999 where {ACCRUAL} returning 'commission ' || id"
    ),
    Damage(
        6,
        "a tier",
        f"update commission set tier_position = tier_position + 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6,
        "what was paid",
        f"update commission set paid = paid + 1 where {ACCRUAL} returning 'commission ' || id",
    ),
    Damage(
        6,
        "when it was paid",
        f"update commission set occurred_at = occurred_at - interval '1 hour' where {ACCRUAL}"
        " returning 'commission ' || id",
    ),
    Damage(
        6,
        "the evidence of its payment",
        f"""update event set evidence = 'attested' where id = (select event_id from commission where {ACCRUAL})
              returning (select 'commission ' || id from commission where {ACCRUAL})""",
    ),
    Damage(
        6,
        "the terms it is under",
        f"update commission set terms_id = (select id from terms where state = 'active' and version > 1) where {ACCRUAL}"
        " returning 'commission ' || id",
    ),
    Damage(
        6,
        "a commission that is gone",
        "delete from commission where "
        + only("commission", "kind = 'true_up'")
        + " returning 'commission ' || accrual_id",
    ),
    Damage(
        6,
        "a fact of another amount",
        "update event set amount = amount * 2 where "
        + only("event", "kind = 'payment'")
        + " returning 'event ' || source_id",
    ),
    Damage(
        6,
        "a refund of another total",
        "update event set refunded_total = refunded_total - 5000 where "
        + only("event", "kind = 'refund' and source = 'tests'")
        + " returning 'event ' || (select source_id from event o where o.id = event.original_event_id)",
    ),
    Damage(
        6,
        "the rate of a tier",
        "update tier set rate_bps = rate_bps + 1 where terms_id = (select terms_id from commission limit 1)"
        " and position = (select tier_position from commission order by id limit 1)"
        " returning 'commission ' || (select min(id) from commission)",
    ),
    Damage(
        6,
        "a move to other terms that is said to have begun earlier",
        "update referral_terms m set from_at = m.from_at - interval '2 days', decided_at = m.decided_at - interval '3 days'"
        " returning (select 'commission ' || min(c.id) from commission c join referral_terms o on o.referral_id = c.referral_id"
        " where c.terms_id <> o.terms_id)",
    ),
    Damage(
        6,
        "a referral that is said never to have been moved",
        "update referral r set is_rerated = false where is_rerated"
        " returning (select 'commission ' || min(c.id) from commission c where c.referral_id = r.id and c.terms_id <> r.terms_id)",
    ),
    Damage(
        7,
        "a reversal of more than was earned",
        f"update commission set amount = amount - 1000000 where {REVERSAL} returning 'commission ' || accrual_id",
    ),
    Damage(
        7,
        "a true-up that leaves less than nothing",
        "update commission set amount = -1000000 where "
        + only("commission", "kind = 'true_up'")
        + " returning 'commission ' || accrual_id",
    ),
    Damage(
        8,
        "a payout of another amount",
        f"update payout set amount = amount + 1 where {PAID_PAYOUT} returning reference",
    ),
    Damage(
        8,
        "a payout line of another amount",
        f"""update payout_line set amount = amount - 1 where payout_id = (select id from payout where {PAID_PAYOUT})
               and commission_id = (select min(commission_id) from payout_line l
                                    where l.payout_id = payout_line.payout_id)
               returning (select reference from payout where id = payout_id)""",
    ),
    Damage(
        8,
        "a commission paid beyond what it is worth",
        f"""update payout_line set amount = amount * 100 where payout_id = (select id from payout where {PAID_PAYOUT})
               and commission_id = (select min(commission_id) from payout_line l
                                    where l.payout_id = payout_line.payout_id)
               returning 'commission ' || commission_id""",
    ),
    Damage(
        8,
        "a payout of another agent's commission",
        f"update payout set agent_id = gen_random_uuid() where {PAID_PAYOUT} returning reference",
    ),
    Damage(
        8,
        "two paid attempts",
        f"""insert into payout_attempt (id, payout_id, number, key, terminal_key, provider_payment_id, state, begun_at,
                                           sent_at, ended_at)
               select gen_random_uuid(), id, 9, reference || '-9', '1', '99999', 'paid', now(), now(), now()
               from payout where {PAID_PAYOUT}
               returning (select reference from payout where id = payout_id)""",
    ),
    Damage(
        8,
        "a payout that was paid under no key",
        f"""update payout_attempt set state = 'rejected' where payout_id = (select id from payout where {PAID_PAYOUT})
               returning (select reference from payout where id = payout_id)""",
    ),
    Damage(
        8,
        "two attempts of one bank operation",
        """update payout_attempt set provider_payment_id = (select provider_payment_id from payout_attempt
                where state = 'paid' order by id limit 1)
              where id = (select id from payout_attempt where state = 'paid' order by id desc limit 1)
              returning 'bank operation ' || provider_payment_id""",
        "alter table payout_attempt drop constraint payout_attempt_provider_provider_payment_id_key",
    ),
    Damage(
        8,
        "a returned payout that is said to be paid",
        "update payout set state = 'paid' where state = 'returned' returning reference",
    ),
    Damage(
        9,
        "an event of another amount than its payment",
        "update event set amount = amount + 1 where "
        + only("event", "kind = 'payment' and payment_id is not null")
        + " returning (select reference from payment where id = payment_id)",
    ),
    Damage(9, "a payment of another amount", "update payment set amount = amount + 1 returning reference"),
    Damage(
        9,
        "a payment that the bank knows by another number",
        "update payment set provider_payment_id = '7' returning reference",
    ),
    Damage(
        9,
        "a refunded total that no event tells",
        "update payment set refunded_total = refunded_total - 1 returning reference",
    ),
    Damage(
        9, "a payment of another terminal", "update payment set terminal_key = 'Another' returning reference"
    ),
    Damage(
        9,
        "a transfer without the bank's number",
        "update payout_attempt set provider_payment_id = null where "
        + only("payout_attempt", "state = 'paid'")
        + " returning key",
    ),
    Damage(
        9,
        "a transfer of another terminal",
        "update payout_attempt set terminal_key = 'Another' where "
        + only("payout_attempt")
        + " returning key",
    ),
    Damage(9, "the mode of the stamp", "update instance set mode = 'live' returning 'instance'"),
    Damage(9, "the keys of the stamp", "update instance set fingerprint = 'another' returning 'instance'"),
    Damage(9, "a mock clock that is gone", "delete from mock_clock returning 'instance'"),
    Damage(
        11,
        "a balance with all entries behind it",
        f"""update account set balance = balance + 100 where {PENDING}
            returning 'pending of agent ' || agent_id || ' in RUB: the books hold ' || balance""",
        f"""update entry set amount = amount + 100, credit_balance = credit_balance + 100
            where credit_account_id = (select id from account where {PENDING})
              and credit_seq = (select seq from account where {PENDING})""",
    ),
    Damage(
        11,
        "a fact that the books forgot",
        "update event set amount = amount * 2 where id = (select event_id from commission where "
        + ACCRUAL
        + ") returning (select 'of agent ' || agent_id from commission where "
        + ACCRUAL
        + ")",
    ),
    Damage(
        11,
        "a hold that ended without an entry",
        "delete from hold where commission_id = (select h.commission_id from hold h join commission c"
        " on c.id = h.commission_id where h.reason is null and c.amount > 0 order by 1 limit 1)"
        " returning 'pending of agent ' || agent_id",
    ),
    Damage(
        11,
        "a freeze that was lifted without an entry",
        "update hold set reason = null where commission_id = (select h.commission_id from hold h join commission c"
        " on c.id = h.commission_id where h.reason is not null and c.amount > 0 order by 1 limit 1)"
        " returning 'frozen of agent ' || agent_id",
    ),
    Damage(
        11,
        "a forfeiture that is gone",
        "delete from forfeiture where "
        + only("forfeiture", key="commission_id")
        + " returning (select 'available of agent ' || agent_id from commission c where c.id = commission_id)",
    ),
    Damage(
        11,
        "a payout of another amount",
        f"update payout set amount = amount + 1 where {PAID_PAYOUT} returning 'available of agent ' || agent_id",
    ),
    Damage(
        11,
        "a payout that did not happen",
        f"update payout set state = 'withdrawn', paid_at = null where {PAID_PAYOUT} returning 'bank of the owner in RUB'",
    ),
    Damage(
        11,
        "a debt that nobody gave up",
        "delete from write_off where state = 'approved' returning 'available of agent ' || agent_id",
    ),
    Damage(
        11,
        "a payment of another VAT",
        "update customer_order set vat_bps = vat_bps + 100 where id = (select order_id from payment"
        " where confirmed_at is not null limit 1) returning 'vat of the owner in RUB'",
    ),
    Damage(
        11,
        "a refund of a payment",
        "update payment set refunded_total = refunded_total - 5 where confirmed_at is not null"
        " returning 'revenue of the owner in RUB'",
    ),
    Damage(
        11,
        "a settlement that is gone",
        "delete from settlement where voided_at is null returning 'clearing of the owner in RUB'",
    ),
    Damage(
        12,
        "an entry of a sealed month",
        "update entry set reference = 'another' where "
        + ONE_ENTRY
        + " returning (select reference from statement s where s.agent_id = entry.agent_id and number = 1)",
    ),
    Damage(
        12,
        "a seal",
        "update statement set hash = 'x' where "
        + only("statement")
        + " returning reference || ': the entries'",
    ),
    Damage(
        12,
        "a statement that does not follow the one before",
        "update statement set previous_hash = 'x' where "
        + only("statement", "number = 2")
        + " returning reference || ': does not follow'",
    ),
    Damage(
        12,
        "a statement that is gone",
        "delete from statement where "
        + only("statement", "number = 1 and agent_id in (select agent_id from statement where number = 2)")
        + """ returning (select reference from statement n where n.agent_id = statement.agent_id and n.number = 2)
              || ': does not follow'""",
    ),
    Damage(
        12,
        "a cut that is moved",
        """update statement_account set after_seq = after_seq - 1 where (statement_id, account_id) = (
             select c.statement_id, c.account_id from statement_account c join statement s on s.id = c.statement_id
             where s.number = 2 and c.after_seq > 0 limit 1)
           returning (select reference from statement where id = statement_id) || ': does not begin'""",
    ),
    Damage(
        12,
        "an entry moved out of its month",
        """update entry set booked_at = (select max(until) from statement) + interval '1 second' where """
        + ONE_ENTRY
        + " returning 'transaction ' || transaction_id || ' is on the wrong side'",
    ),
    Damage(
        12,
        "a seal in no root",
        "delete from root_seal where statement_id = (select id from statement where number = 1 limit 1)"
        " returning (select reference from statement where id = statement_id) || ': no root'",
    ),
    Damage(
        12, "the hash of a root", "update seal_root set hash = 'x' where id = 1 returning 'root 1: its lines'"
    ),
    Damage(
        12,
        "the signature of a root",
        "update seal_root set signature = reverse(signature) where id = 2 returning 'root 2: the signature'",
    ),
    Damage(
        12,
        "a root that does not follow the one before",
        "update seal_root set previous_hash = 'x' where id = 2 returning 'root 2: does not follow'",
    ),
    Damage(12, "a root that is gone", "delete from seal_root where id = 2 returning 'root 2: was exported'"),
    Damage(
        12,
        "a day that its exported root does not know",
        "update seal_root set day = day + 1 where id = 1 returning 'root 1: differs from its exported file'",
    ),
]


def deed(owed: Audited) -> Damage:
    """The loss of the audit row of one deed."""
    return Damage(
        10,
        f"{owed.action} of a {owed.table}",
        f"""delete from audit_entry a where a.action = '{owed.action}' and a.subject_id = (
              select ({owed.of})::text from "{owed.table}" x where x.{owed.moment} is not null and {owed.where} limit 1)
            returning '{owed.table} ' || (select x.{owed.key} from "{owed.table}" x where ({owed.of})::text = a.subject_id limit 1)
                      || ': no audit row {owed.action}'""",
    )


DAMAGES += [deed(owed) for owed in AUDITED]


def inflict(damage: Damage, damager: psycopg.Connection) -> str:
    """Do it, and return what the damaged row is called."""
    if damage.before:
        damager.execute(damage.before)
    done = damager.execute(damage.sql)
    assert done.rowcount >= 1, "there was nothing to damage"
    (called,) = done.fetchone() or ("",)
    return str(called)


def check(*options: str) -> Result:
    return CliRunner().invoke(ref, ["check", *options])


def test_a_sound_history_proves_every_invariant(books: None) -> None:
    findings = examine()
    assert [bad for finding in findings for bad in finding.bad] == []
    assert {finding.number for finding in findings if finding.examined} == set(NUMBERS)
    assert [finding.title for finding in findings if not finding.examined] == []


def test_ref_check_says_so(books: None) -> None:
    db.session.remove()
    done = check("--json", "--require-all")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["name"] == "check"
    assert {invariant["number"] for invariant in report["invariants"]} == set(NUMBERS)


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_one_damaged_row_is_named_under_its_number(damager: psycopg.Connection, damage: Damage) -> None:
    called = inflict(damage, damager)
    bad = [line for finding in examine() if finding.number == damage.number for line in finding.bad]
    assert any(called in line for line in bad), (called, bad)


FIRST_OF_EACH = [next(damage for damage in DAMAGES if damage.number == number) for number in NUMBERS]


@pytest.mark.parametrize("damage", FIRST_OF_EACH, ids=str)
def test_ref_check_exits_with_1_and_names_the_row(damager: psycopg.Connection, damage: Damage) -> None:
    called = inflict(damage, damager)
    done = check("--json")
    assert done.exit_code == 1
    found = [
        line
        for invariant in json.loads(done.stdout)["invariants"]
        if invariant["number"] == damage.number
        for line in invariant["bad"]
    ]
    assert any(called in line for line in found), found


def test_ref_check_prints_a_table_and_the_rows(damager: psycopg.Connection) -> None:
    called = inflict(DAMAGES[0], damager)
    done = check()
    assert done.exit_code == 1
    assert f"1: {called}" in done.stdout
    assert "not yet" not in done.stdout


def test_every_audited_table_is_proven_or_proven_by_what_it_belongs_to(damager: psycopg.Connection) -> None:
    belonging = {"establishment", "referral_share", "referral_terms", "rerate_referral", "payout_line"}
    found = damager.execute("select tgrelid::regclass::text from pg_trigger where tgname like '%_is_audited'")
    assert {table for (table,) in found} == {owed.table for owed in AUDITED} | belonging
