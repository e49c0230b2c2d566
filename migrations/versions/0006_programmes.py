"""Programmes and their terms: versions that never change once active."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0006_programmes"
down_revision = "0005_agents"

IMMUTABLE = """
-- What agents were promised stays: only a draft may change, and an active version may only be retired.
create function refuse_change_of_terms() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.state = 'active' and new.state = 'retired'
     and row(new.programme_id, new.version, new.window_days, new.hold_days, new.click_window_days,
             new.minimum_payout, new.effective_from)
       = row(old.programme_id, old.version, old.window_days, old.hold_days, old.click_window_days,
             old.minimum_payout, old.effective_from) then
    return new;
  end if;
  if old.state <> 'draft' then
    raise exception 'terms version % is % and cannot change', old.version, old.state
      using errcode = 'restrict_violation', hint = 'make a new draft';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;

create function refuse_change_of_rules() returns trigger language plpgsql as $$
declare the_terms uuid := case tg_op when 'DELETE' then old.terms_id else new.terms_id end;
begin
  if (select state from terms where id = the_terms) <> 'draft'
     or (tg_op = 'UPDATE' and old.terms_id <> new.terms_id) then
    raise exception 'the terms are no longer a draft: their % cannot change', tg_table_name
      using errcode = 'restrict_violation', hint = 'make a new draft';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "programme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("programme_currency_check")),
        sa.CheckConstraint("key ~ '^[a-z0-9-]+$'", name=op.f("programme_key_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("programme_pkey")),
        sa.UniqueConstraint("reference", name=op.f("programme_reference_key")),
        sa.UniqueConstraint("key", name=op.f("programme_key_key")),
    )
    op.create_table(
        "terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("window_days", sa.BigInteger(), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("click_window_days", sa.BigInteger(), nullable=False),
        sa.Column("minimum_payout", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("effective_from", moment),
        sa.Column("activated_by", sa.Text()),
        sa.Column("retired_at", moment),
        sa.CheckConstraint("state in ('draft', 'active', 'retired')", name=op.f("terms_state_check")),
        sa.CheckConstraint(
            "(state = 'draft') = (effective_from is null)", name=op.f("terms_effective_check")
        ),
        sa.CheckConstraint(
            "(state = 'retired') = (retired_at is not null)", name=op.f("terms_retired_check")
        ),
        sa.CheckConstraint("window_days between 1 and 3650", name=op.f("terms_window_days_check")),
        sa.CheckConstraint("hold_days between 0 and 365", name=op.f("terms_hold_days_check")),
        sa.CheckConstraint("click_window_days between 0 and 365", name=op.f("terms_click_window_days_check")),
        sa.CheckConstraint("minimum_payout >= 0", name=op.f("terms_minimum_payout_check")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("terms_programme_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("terms_pkey")),
        sa.UniqueConstraint("programme_id", "version", name=op.f("terms_programme_id_version_key")),
    )
    op.create_index(
        "one_active_terms_per_programme",
        "terms",
        ["programme_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event_kind", sa.Text(), nullable=False),
        sa.Column("monthly_cap", sa.BigInteger()),
        sa.CheckConstraint("event_kind = 'payment'", name=op.f("rule_event_kind_check")),
        sa.CheckConstraint("monthly_cap > 0", name=op.f("rule_monthly_cap_check")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("rule_terms_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("rule_pkey")),
        sa.UniqueConstraint("terms_id", "key", name=op.f("rule_terms_id_key_key")),
    )
    op.create_table(
        "tier",
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("rate_bps", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "position >= 1 and (position > 1 or threshold = 0)", name=op.f("tier_position_check")
        ),
        sa.CheckConstraint("threshold >= 0", name=op.f("tier_threshold_check")),
        sa.CheckConstraint("rate_bps between 0 and 10000", name=op.f("tier_rate_bps_check")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("tier_terms_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("terms_id", "position", name=op.f("tier_pkey")),
        sa.UniqueConstraint("terms_id", "threshold", name=op.f("tier_terms_id_threshold_key")),
    )
    op.execute(IMMUTABLE)
    op.execute(
        "create trigger terms_are_immutable before update or delete on terms"
        " for each row execute function refuse_change_of_terms()"
    )
    for table in ("rule", "tier"):
        op.execute(
            f"create trigger {table}_is_immutable before insert or update or delete on {table}"
            " for each row execute function refuse_change_of_rules()"
        )
    for table in ("terms", "rule", "tier"):
        op.execute(
            f"create trigger {table}_is_not_truncated before truncate on {table}"
            " for each statement execute function refuse_change()"
        )
        grant(table, "select, insert, update, delete")
    grant("programme", "select, insert, update")
    audited("programme")
    audited("terms")


def downgrade() -> None:
    for table in ("tier", "rule", "terms", "programme"):
        op.drop_table(table)
    op.execute("drop function refuse_change_of_rules()")
    op.execute("drop function refuse_change_of_terms()")
