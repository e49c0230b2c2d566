"""Customers, clicks, referrals with their shares, and contested attributions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, audited, grant

revision = "0008_referrals"
down_revision = "0007_bookings"

FUNCTIONS = """
-- Deferred, so that a referral and its shares may arrive in any order within a transaction.
create function refuse_uneven_shares() returns trigger language plpgsql as $$
declare
  changed uuid := coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0];
begin
  if exists (select 1 from referral where id = changed)
     and (select coalesce(sum(bps), 0) from referral_share where referral_id = changed) <> 10000 then
    raise exception 'the shares of referral % do not sum to 10000', changed
      using errcode = 'check_violation', constraint = 'referral_share_sum';
  end if;
  return null;
end $$;

-- Nobody earns on themselves: neither when a referral is made, nor by taking on a customer's contacts later.
create function refuse_self_referral() returns trigger language plpgsql as $$
begin
  if exists (
    select 1 from referral_share s join referral r on r.id = s.referral_id
      join customer c on c.id = r.customer_id join agent a on a.id = s.agent_id
    where (a.phone_hash = c.phone_hash or a.email_hash = c.email_hash or a.inn_hash = c.inn_hash)
      and case tg_table_name when 'agent' then a.id = (to_jsonb(new) ->> 'id')::uuid
          else s.referral_id = (to_jsonb(new) ->> 'referral_id')::uuid end) then
    raise exception 'an agent would earn on themselves'
      using errcode = 'check_violation', constraint = 'no_self_referral';
  end if;
  return null;
end $$;
"""
TRIGGERS = """
create constraint trigger referral_shares_sum after insert on referral
  deferrable initially deferred for each row execute function refuse_uneven_shares('id');
create constraint trigger referral_shares_sum after insert or update or delete on referral_share
  deferrable initially deferred for each row execute function refuse_uneven_shares('referral_id');
create trigger no_self_referral after insert or update on referral_share
  for each row execute function refuse_self_referral();
create trigger no_self_referral after update of phone_hash, email_hash, inn_hash on agent
  for each row execute function refuse_self_referral();
"""


def upgrade() -> None:
    _create_customer()
    _create_referral()
    _create_case()
    op.create_foreign_key(op.f("event_customer_id_fkey"), "event", "customer", ["customer_id"], ["id"])
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    grant("customer", "select, insert, update")
    audited("customer")
    append_only("click")
    for table in ("referral", "referral_share", "attribution_case"):
        grant(table, "select, insert, update")
        audited(table)


def _create_customer() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("establishment_id", sa.Uuid()),
        sa.Column("name_cipher", sa.LargeBinary()),
        sa.Column("phone_hash", sa.LargeBinary()),
        sa.Column("email_hash", sa.LargeBinary()),
        sa.Column("inn_hash", sa.LargeBinary()),
        sa.Column("signed_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unattributed_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("customer_pkey")),
        sa.UniqueConstraint("reference", name=op.f("customer_reference_key")),
        sa.UniqueConstraint("external_id", name=op.f("customer_external_id_key")),
        sa.ForeignKeyConstraint(
            ["establishment_id"], ["establishment.id"], name=op.f("customer_establishment_id_fkey")
        ),
        sa.CheckConstraint(
            "kind in ('establishment', 'company', 'consumer')", name=op.f("customer_kind_check")
        ),
    )
    op.create_index(op.f("customer_establishment_id_idx"), "customer", ["establishment_id"])
    op.create_index(op.f("customer_signed_up_at_idx"), "customer", ["signed_up_at"])
    op.create_table(
        "click",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("clicked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("click_pkey")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("click_agent_id_fkey")),
    )
    op.create_index(op.f("click_agent_id_clicked_at_idx"), "click", ["agent_id", "clicked_at"])


def _create_referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("establishment_id", sa.Uuid()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid()),
        sa.Column("click_id", sa.Uuid()),
        sa.Column("code", sa.Text()),
        sa.Column("proof", postgresql.JSONB(), nullable=False),
        sa.Column("frozen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("referral_pkey")),
        sa.UniqueConstraint("reference", name=op.f("referral_reference_key")),
        sa.UniqueConstraint("customer_id", name=op.f("referral_customer_id_key")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"referral_{column}_fkey"))
            for column, table in (
                ("customer_id", "customer"),
                ("programme_id", "programme"),
                ("terms_id", "terms"),
                ("establishment_id", "establishment"),
                ("booking_id", "booking"),
                ("click_id", "click"),
            )
        ),
        sa.CheckConstraint("basis in ('booking', 'code', 'click')", name=op.f("referral_basis_check")),
        sa.CheckConstraint(
            "(basis = 'booking') = (booking_id is not null) and (basis = 'click') = (click_id is not null)"
            " and (basis = 'code') = (code is not null)",
            name=op.f("referral_evidence_check"),
        ),
    )
    op.create_index(op.f("referral_terms_id_idx"), "referral", ["terms_id"])
    op.create_index(op.f("referral_registered_at_idx"), "referral", ["registered_at"])
    op.create_table(
        "referral_share",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("bps", sa.BigInteger(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("referral_id", "agent_id", name=op.f("referral_share_pkey")),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"referral_share_{table}_id_fkey")
            )
            for table in ("referral", "agent", "programme")
        ),
        sa.CheckConstraint("bps between 1 and 10000", name=op.f("referral_share_bps_check")),
    )
    op.create_index(
        op.f("referral_share_agent_id_programme_id_connected_at_idx"),
        "referral_share",
        ["agent_id", "programme_id", "connected_at"],
    )


def _create_case() -> None:
    op.create_table(
        "attribution_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder_agent_id", sa.Uuid(), nullable=False),
        sa.Column("other_agent_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("attribution_case_pkey")),
        sa.UniqueConstraint("reference", name=op.f("attribution_case_reference_key")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("attribution_case_referral_id_fkey")
        ),
        *(
            sa.ForeignKeyConstraint([column], ["agent.id"], name=op.f(f"attribution_case_{column}_fkey"))
            for column in ("holder_agent_id", "other_agent_id")
        ),
        sa.CheckConstraint(
            "kind in ('booking_against_code', 'dispute')", name=op.f("attribution_case_kind_check")
        ),
        sa.CheckConstraint(
            "state in ('open', 'upheld', 'transferred')", name=op.f("attribution_case_state_check")
        ),
        sa.CheckConstraint("holder_agent_id <> other_agent_id", name=op.f("attribution_case_agents_check")),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (note is null)",
            name=op.f("attribution_case_decided_check"),
        ),
    )
    op.create_index(
        "attribution_case_one_open_per_referral",
        "attribution_case",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("attribution_case_state_opened_at_idx"), "attribution_case", ["state", "opened_at"])
    op.create_index(op.f("attribution_case_holder_agent_id_idx"), "attribution_case", ["holder_agent_id"])
    op.create_index(op.f("attribution_case_other_agent_id_idx"), "attribution_case", ["other_agent_id"])


def downgrade() -> None:
    op.execute("drop trigger no_self_referral on agent")
    op.drop_constraint(op.f("event_customer_id_fkey"), "event", type_="foreignkey")
    for table in ("attribution_case", "referral_share", "referral", "click", "customer"):
        op.drop_table(table)
    op.execute("drop function refuse_self_referral()")
    op.execute("drop function refuse_uneven_shares()")
