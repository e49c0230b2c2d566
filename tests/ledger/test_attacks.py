"""Nobody bends the books: each rule is attacked with raw SQL, as the application and as the owner of the tables.

The application has no way in but the functions of the books, so every attack of its ends at a grant. The owner gets as
far as the triggers and checks, and each attack must end at the one that is meant for it.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from erp.domain import ledger
from erp.domain.ledger import Line
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction
from tests.ledger.test_periods import MAY, begin_at, close, wait_until

BY = Actor.system("test")
AT = dt.datetime(2026, 5, 20, 9, tzinfo=dt.UTC)
APPEND_ONLY = "append-only"


@dataclass(frozen=True)
class Attack:
    """`sql`, and the constraint at which the owner's attempt ends, or the words of the refusal."""

    sql: str
    ends_at: str


def entry(**changed: str) -> str:
    """The insertion of a copy of the accrual as transaction 9000, on its accounts as they stand, with some of its
    columns `changed`."""
    columns = {
        "transaction_id": "9000",
        "line": "1",
        "kind": "e.kind",
        "reference": "e.reference",
        "agent_id": "e.agent_id",
        "debit_account_id": "e.debit_account_id",
        "credit_account_id": "e.credit_account_id",
        "amount": "e.amount",
        "currency": "e.currency",
        "occurred_at": "e.occurred_at",
        "booked_at": "ref_now()",
        "actor": "e.actor",
        "debit_seq": "null::bigint",
        "debit_balance": "null::bigint",
        "credit_seq": "(select seq + 1 from account where id = e.credit_account_id)",
        "credit_balance": "(select balance from account where id = e.credit_account_id) + e.amount",
    } | changed
    return (
        f"insert into entry ({', '.join(columns)}) select {', '.join(columns.values())} from entry e"
        " where e.kind = 'accrual' and e.transaction_id < 9000"
    )


def with_its_balance(insertion: str) -> str:
    """The same, and the account's balance moved as if all were well."""
    return f"""with added as ({insertion} returning credit_account_id, amount)
        update account a set seq = seq + 1, balance = balance + added.amount from added where a.id = credit_account_id"""


HOUSE = "'00000000-0000-0000-0000-000000000000'"
DOLLARS = f"(select id from account where agent_id = {HOUSE} and kind = 'bank' and currency = 'USD')"
ROUBLES = f"(select id from account where agent_id = {HOUSE} and kind = 'bank' and currency = 'RUB')"
ONE_SIDED = {"credit_account_id": ROUBLES, "credit_seq": "null::bigint", "credit_balance": "null::bigint"}


def two(**changed: str) -> str:
    """Two lines of one transaction between the owner's accounts, the second of them `changed`."""
    _, _, second = entry(**ONE_SIDED, line="2", **changed).partition(" select ")
    return f"{entry(**ONE_SIDED)} union all select {second}"


def in_a_row(**first: str) -> str:
    """Two entries to one account in one statement, the first of them `changed`, and the balance moved as if all were well."""
    second = entry(
        transaction_id="9001",
        credit_seq="(select seq + 2 from account where id = e.credit_account_id)",
        credit_balance="(select balance from account where id = e.credit_account_id) + 2 * e.amount",
    )
    return f"""with added as ({entry(**first)} union all select {second.partition(" select ")[2]} returning *),
        account_added as (select credit_account_id as id, amount from added where transaction_id = 9001)
        update account a set seq = seq + 2, balance = balance + 2 * x.amount from account_added x where a.id = x.id"""


def on_both_sides() -> str:
    """One entry to an account and one from it, which share a count, and the balance moved by the first alone."""
    taken = entry(
        transaction_id="9001",
        debit_account_id="e.credit_account_id",
        debit_seq="(select seq + 1 from account where id = e.credit_account_id)",
        debit_balance="(select balance from account where id = e.credit_account_id) + e.amount",
        **ONE_SIDED,
    )
    return f"""with added as ({entry()} union all select {taken.partition(" select ")[2]} returning *)
        update account a set seq = seq + 1, balance = balance + added.amount from added
        where a.id = added.credit_account_id and added.transaction_id = 9000"""


ATTACKS: dict[str, Attack] = {
    # a lone entry, and a set that does not balance
    "an entry of one side": Attack(
        entry(credit_account_id="null::bigint"), 'null value in column "credit_account_id"'
    ),
    "an entry from an account to itself": Attack(
        entry(debit_account_id="e.credit_account_id"), "entry_sides_check"
    ),
    "an entry to an account that is not there": Attack(entry(credit_account_id="-1"), "entry_continues"),
    "a second line without the first": Attack(entry(line="2"), "entry_whole"),
    "a line before the first": Attack(entry(line="0"), "entry_whole"),
    "a line added to what is booked": Attack(
        entry(transaction_id="e.transaction_id", line="2"), "entry_whole"
    ),
    "an entry of nothing": Attack(entry(amount="0"), "entry_amount_check"),
    "an entry of less than nothing": Attack(entry(amount="-e.amount"), "entry_amount_check"),
    "an entry that its account does not follow": Attack(entry(), "entry_continues"),
    "an entry that skips a count": Attack(entry(credit_seq="99"), "entry_continues"),
    "an entry without its count": Attack(
        entry(credit_seq="null::bigint", credit_balance="null::bigint"), "entry_continues"
    ),
    "an entry that counts on the owner's account": Attack(
        entry(debit_seq="1", debit_balance="1"), "entry_continues"
    ),
    "an entry on another agent's account": Attack(
        with_its_balance(entry(agent_id="gen_random_uuid()")), "entry_continues"
    ),
    "an entry that does not lead to the next": Attack(
        in_a_row(
            credit_balance="(select balance from account where id = e.credit_account_id) + e.amount - 1"
        ),
        "entry_continues",
    ),
    "an entry that skips the count of the next": Attack(in_a_row(credit_seq="99"), "entry_continues"),
    "an uncounted entry before a counted one": Attack(
        in_a_row(credit_seq="null::bigint", credit_balance="null::bigint"), "entry_continues"
    ),
    "another agent's entry before the agent's own": Attack(
        in_a_row(agent_id="gen_random_uuid()"), "entry_continues"
    ),
    "an entry in another currency before one in the account's": Attack(
        in_a_row(currency="'USD'"), "entry_continues"
    ),
    "a count used on both sides": Attack(on_both_sides(), "entry_continues"),
    "an entry booked twice": Attack(entry(transaction_id="e.transaction_id"), "entry_pkey"),
    # a set of two currencies, and of two things
    "an entry between currencies": Attack(
        entry(**{**ONE_SIDED, "credit_account_id": DOLLARS}), "entry_continues"
    ),
    "an entry in another currency than its accounts": Attack(
        entry(**ONE_SIDED, currency="'USD'"), "entry_continues"
    ),
    "a transaction in two currencies": Attack(
        two(currency="'USD'"),
        "entry_whole",
    ),
    "a transaction about two things": Attack(
        two(kind="'payout_paid'"),
        "entry_whole",
    ),
    # what is booked stays
    "an entry changed": Attack("update entry set amount = amount + 1", APPEND_ONLY),
    "an entry changed into itself": Attack("update entry set amount = amount", APPEND_ONLY),
    "an entry removed": Attack("delete from entry", APPEND_ONLY),
    "entries truncated": Attack("truncate entry", APPEND_ONLY),
    "an entry overwritten": Attack(
        f"{entry(transaction_id='e.transaction_id')} on conflict (transaction_id, line) do update set amount = 1",
        APPEND_ONLY,
    ),
    # a balance is what its entries say
    "a balance changed": Attack("update account set balance = balance + 1", "account_follows_entries"),
    "a balance changed with its count": Attack(
        "update account set balance = balance + 1, seq = seq + 1 where seq > 0", "account_follows_entries"
    ),
    "a count changed": Attack("update account set seq = seq + 1", "account_follows_entries"),
    "an account that begins with money": Attack(
        "insert into account (agent_id, kind, currency, balance) values (gen_random_uuid(), 'pending', 'RUB', 5)",
        "account_begins_empty",
    ),
    "an account that changes hands": Attack(
        "update account set agent_id = gen_random_uuid() where kind = 'pending'", "account_follows_entries"
    ),
    "an account that becomes another": Attack(
        "update account set kind = 'frozen', currency = 'EUR' where kind = 'pending'",
        "account_follows_entries",
    ),
    "an account removed": Attack("delete from account", APPEND_ONLY),
    "accounts truncated": Attack("truncate account cascade", APPEND_ONLY),
    "an owner's account in an agent's hands": Attack(
        "insert into account (agent_id, kind, currency) values (gen_random_uuid(), 'bank', 'RUB')",
        "account_kind_check",
    ),
    "a second account of one kind": Attack(
        f"insert into account (agent_id, kind, currency) values ({HOUSE}, 'bank', 'RUB')",
        "account_agent_id_kind_currency_key",
    ),
    # booked is when it was written
    "a backdated entry": Attack(
        with_its_balance(entry(booked_at="ref_now() - interval '2 minutes'")), "entry_booked_now"
    ),
    "a postdated entry": Attack(
        with_its_balance(entry(booked_at="ref_now() + interval '2 minutes'")), "entry_booked_now"
    ),
    "an entry into a closed month": Attack(
        with_its_balance(entry(booked_at="(select max(ends_at) - interval '1 second' from period)")),
        "entry_period",
    ),
}


@pytest.fixture
def books(context: None) -> UUID:
    """An agent with 50.00 pending and 100.00 available, accounts in two currencies, and May closed yesterday."""
    begin_at(AT)
    agent_id = uuid4()
    with transaction():
        ledger.post(
            [
                Line("accrual", "one", agent_id, "expense", "pending", 15_000, "RUB", AT),
                Line("maturity", "one", agent_id, "pending", "available", 10_000, "RUB", AT),
                Line("settlement", "dollars", ledger.HOUSE, "bank", "clearing", 1, "USD", AT),
            ],
            by=BY,
        )
    wait_until(ledger.ends_of(MAY))
    close(MAY)
    wait_until(ledger.ends_of(MAY) + dt.timedelta(days=1))
    return agent_id


@pytest.fixture
def owner(books: UUID) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def application_role(books: UUID) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_application_ends_at_a_grant(application_role: psycopg.Connection, attack: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match=r"permission denied for table (entry|account)"):
        application_role.execute(ATTACKS[attack].sql)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_owner_ends_at_the_rule_that_is_meant(owner: psycopg.Connection, attack: str) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        owner.execute(ATTACKS[attack].sql)
    named, said = refusal.value.diag.constraint_name, str(refusal.value)
    assert ATTACKS[attack].ends_at in (named or said), said
    assert isinstance(
        refusal.value,
        (errors.CheckViolation, errors.NotNullViolation, errors.RestrictViolation, errors.UniqueViolation),
    )


def test_an_honest_copy_is_accepted_so_that_the_attacks_fail_for_their_own_reasons(
    owner: psycopg.Connection,
) -> None:
    """The insertion that every attack changes in one thing, unchanged."""
    assert owner.execute(with_its_balance(entry())).rowcount == 1
    assert owner.execute(entry(**ONE_SIDED, transaction_id="9001")).rowcount == 1


def test_honest_entries_in_a_row_are_accepted(owner: psycopg.Connection) -> None:
    assert owner.execute(in_a_row()).rowcount == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select ledger_enter(null::ledger_line[], 'x')",
        "select commission_book_many(null::commission_line[], 'x')",
        "set session_replication_role = replica",
        "alter table entry disable trigger all",
        "create function public.ref_now() returns timestamptz language sql as 'select now()'",
        "create or replace function ledger_check_entries() returns trigger language plpgsql as 'begin end'",
        "drop trigger entry_is_lawful on entry",
        "set role ref_owner",
    ],
)
def test_the_application_does_not_get_round_the_law(application_role: psycopg.Connection, sql: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
        application_role.execute(sql)


def test_the_application_grants_itself_nothing(application_role: psycopg.Connection) -> None:
    application_role.execute("grant insert, update, delete on entry, account to ref_app")  # only warned about
    rights = "select has_table_privilege('ref_app', t, p) from unnest(array['entry', 'account']) t, unnest(%s::text[]) p"
    found = application_role.execute(rights, (["insert", "update", "delete", "truncate"],)).fetchall()
    assert set(found) == {(False,)}


POSTED = """select * from ledger_post(array[{lines}]::ledger_line[], 'staff:somebody')"""
AT_THE_DOOR: dict[str, Attack] = {
    "a set in two currencies": Attack(
        """row(1, 'x', 'x', '{agent}', 'expense', 'pending', 5, 'RUB', now()),
           row(1, 'x', 'x', '{agent}', 'expense', 'pending', 5, 'USD', now())""",
        "entry_whole",
    ),
    "a set about two facts": Attack(
        """row(1, 'x', 'x', '{agent}', 'expense', 'pending', 5, 'RUB', now()),
           row(1, 'x', 'y', '{agent}', 'expense', 'pending', 5, 'RUB', now())""",
        "entry_whole",
    ),
    "nothing": Attack(
        "row(1, 'x', 'x', '{agent}', 'expense', 'pending', 0, 'RUB', now())", "entry_amount_check"
    ),
    "less than nothing": Attack(
        "row(1, 'x', 'x', '{agent}', 'expense', 'pending', -5, 'RUB', now())", "entry_amount_check"
    ),
    "one account on both sides": Attack(
        "row(1, 'x', 'x', '{agent}', 'pending', 'pending', 5, 'RUB', now())", "entry_sides_check"
    ),
    "more than is pending": Attack(
        "row(1, 'x', 'x', '{agent}', 'pending', 'available', 5001, 'RUB', now())", "account_balance_check"
    ),
    "an account of no kind": Attack(
        "row(1, 'x', 'x', '{agent}', 'expense', 'pocket', 5, 'RUB', now())",
        'null value in column "credit_account_id"',
    ),
}


@pytest.mark.parametrize("attack", AT_THE_DOOR)
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_the_front_door_keeps_the_law_too(books: UUID, role: str, attack: str) -> None:
    with psycopg.connect(os.environ[role]) as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute(POSTED.format(lines=AT_THE_DOOR[attack].sql.format(agent=books)))
    named = refusal.value.diag.constraint_name or str(refusal.value)
    assert AT_THE_DOOR[attack].ends_at in named


def test_what_the_application_posts_bears_the_moment_of_the_database(
    application_role: psycopg.Connection, books: UUID
) -> None:
    line = f"row(1, 'accrual', 'x', '{books}', 'expense', 'pending', 5, 'RUB', now() - interval '1 year')"
    application_role.execute(POSTED.format(lines=line))
    booked_at = application_role.execute("select booked_at from entry where reference = 'x'").fetchone()
    assert booked_at is not None
    assert dt.timedelta() <= clock.now() - booked_at[0] < dt.timedelta(minutes=1)
