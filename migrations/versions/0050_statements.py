"""Statements of agents, sealed; roots over the seals."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited

revision = "0050_statements"
down_revision = "0022_saved_views"

MOMENT = sa.DateTime(timezone=True)

FUNCTIONS = """
-- What is sealed stays whole: no entry comes to be in a period that its agent has a statement of. Entries are booked
-- now, so this looks at one row of an index and goes.
create function refuse_entries_into_sealed_periods() returns trigger language plpgsql as $$
declare
  v_bad bigint;
begin
  if (select min(a.booked_at) from added a) >= (select coalesce(max(s.until), '-infinity') from statement s) then
    return null;
  end if;
  select min(a.transaction_id) into v_bad
  from added a join statement s on s.agent_id = a.agent_id and s.until > a.booked_at;
  if v_bad is not null then
    raise exception 'ledger transaction % falls into a sealed period of its agent', v_bad
      using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- A statement is of a period that is over, and follows its agent's last one.
create function check_new_statements() returns trigger language plpgsql as $$
declare
  v_bad text;
begin
  select min(n.reference) into v_bad
  from sealed n left join statement p on p.agent_id = n.agent_id and p.number = n.number - 1
  where n.until > ref_now() or n.number > 1 and (p.id is null or p.until > n.since or p.hash <> n.previous_hash);
  if v_bad is not null then
    raise exception 'statement % is of an open period, or does not follow the one before', v_bad
      using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- Each account is cut where the last statement cut it and where the period ends, so that every entry is in exactly one
-- statement, and its balances there are those of the entries.
create function check_new_cuts() returns trigger language plpgsql as $$
declare
  v_bad text;
begin
  select min(s.reference) into v_bad
  from cut n join statement s on s.id = n.statement_id left join account a on a.id = n.account_id
  left join lateral (select c.to_seq, c.closing from statement_account c join statement p on p.id = c.statement_id
                     where c.account_id = n.account_id and p.agent_id = s.agent_id and p.number < s.number
                     order by p.number desc limit 1) before on true
  left join lateral (select greatest(max(e.debit_seq) filter (where e.debit_account_id = n.account_id),
                                     max(e.credit_seq) filter (where e.credit_account_id = n.account_id)) as last
                     from entry e
                     where (e.debit_account_id = n.account_id and e.debit_seq > n.after_seq
                            or e.credit_account_id = n.account_id and e.credit_seq > n.after_seq)
                       and e.booked_at < s.until) within on true
  left join lateral (select l.balance from ledger_leg l where l.account_id = n.account_id and l.seq = n.to_seq) final
    on true
  where a.id is null or a.agent_id <> s.agent_id
     or n.after_seq <> coalesce(before.to_seq, 0) or n.opening <> coalesce(before.closing, 0)
     or n.to_seq <> coalesce(within.last, n.after_seq) or n.closing <> coalesce(final.balance, 0);
  if v_bad is not null then
    raise exception 'statement % does not cut its accounts where its period ends', v_bad
      using errcode = 'check_violation';
  end if;
  return null;
end $$;
"""


def upgrade() -> None:
    op.create_table(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.Text()),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.CheckConstraint("since < until and until <= sealed_at", name=op.f("statement_period_check")),
        sa.CheckConstraint(
            "(number = 1) = (previous_hash is null)", name=op.f("statement_previous_hash_check")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("statement_agent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("statement_pkey")),
        sa.UniqueConstraint("reference", name=op.f("statement_reference_key")),
        sa.UniqueConstraint("agent_id", "number", name=op.f("statement_agent_id_number_key")),
        sa.UniqueConstraint("agent_id", "until", name=op.f("statement_agent_id_until_key")),
    )
    op.create_index(op.f("statement_until_idx"), "statement", ["until"])
    op.create_table(
        "statement_account",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("after_seq <= to_seq", name=op.f("statement_account_cut_check")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("statement_account_statement_id_fkey")
        ),
        sa.PrimaryKeyConstraint("statement_id", "account_id", name=op.f("statement_account_pkey")),
    )
    _roots()
    op.execute(FUNCTIONS)
    for table in ("statement", "statement_account", "seal_root", "root_seal"):
        append_only(table)
    audited("seal_root")
    op.execute(
        "create trigger statement_follows after insert on statement referencing new table as sealed"
        " for each statement execute function check_new_statements()"
    )
    op.execute(
        "create trigger statement_cuts_once after insert on statement_account referencing new table as cut"
        " for each statement execute function check_new_cuts()"
    )
    op.execute(
        "create trigger entry_is_after_seals after insert on entry referencing new table as added"
        " for each statement execute function refuse_entries_into_sealed_periods()"
    )


def _roots() -> None:
    op.create_table(
        "seal_root",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seals", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.Text()),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.CheckConstraint("seals > 0", name=op.f("seal_root_seals_check")),
        sa.CheckConstraint("(id = 1) = (previous_hash is null)", name=op.f("seal_root_previous_hash_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("seal_root_pkey")),
    )
    op.create_table(
        "root_seal",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("root_seal_statement_id_fkey")),
        sa.ForeignKeyConstraint(["root_id"], ["seal_root.id"], name=op.f("root_seal_root_id_fkey")),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("root_seal_pkey")),
    )
    op.create_index(op.f("root_seal_root_id_idx"), "root_seal", ["root_id"])


def downgrade() -> None:
    op.execute("drop trigger entry_is_after_seals on entry")
    for table in ("root_seal", "seal_root", "statement_account", "statement"):
        op.drop_table(table)
    for function in ("refuse_entries_into_sealed_periods", "check_new_statements", "check_new_cuts"):
        op.execute(f"drop function {function}()")
