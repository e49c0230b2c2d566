"""Programmes and their terms: versions that never change once active."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0006_programmes"
down_revision = "0005_agents"

IMMUTABLE = """
-- What agents were promised stays: only a draft may change. A scheduled version takes force or becomes a draft again,
-- as long as nobody is pinned to it; an active one may only be retired.
create function refuse_change_of_terms() returns trigger language plpgsql as $$
begin
  -- Whatever terms come to say, retiring them changes nothing of it.
  if tg_op = 'UPDATE' and old.state = 'active' and new.state = 'retired'
     and to_jsonb(new) - 'state' - 'retired_at' = to_jsonb(old) - 'state' - 'retired_at' then
    return new;
  end if;
  if tg_op = 'UPDATE' and old.state = 'scheduled' and new.state = 'active'
     and to_jsonb(new) - 'state' = to_jsonb(old) - 'state' then
    return new;
  end if;
  if tg_op = 'UPDATE' and old.state = 'scheduled' and new.state = 'draft'
     and to_jsonb(new) - '{state,effective_from,activated_by}'::text[]
         = to_jsonb(old) - '{state,effective_from,activated_by}'::text[]
     and not exists (select from referral where terms_id = old.id) then
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
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("measure", sa.Text(), server_default="connections", nullable=False),
        sa.Column("window_kind", sa.Text(), server_default="rolling", nullable=False),
        sa.Column("window_days", sa.BigInteger()),
        sa.Column("retroactive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("grace_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("freeze_tier", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vat_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fee_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fee_minimum", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("click_window_days", sa.BigInteger(), nullable=False),
        sa.Column("minimum_payout", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default="bank_checked", nullable=False),
        sa.Column("on_agent_closed", sa.Text(), server_default="release", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("effective_from", moment),
        sa.Column("activated_by", sa.Text()),
        sa.Column("retired_at", moment),
        sa.CheckConstraint(
            "state in ('draft', 'scheduled', 'active', 'retired')", name=op.f("terms_state_check")
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (effective_from is null)", name=op.f("terms_effective_check")
        ),
        sa.CheckConstraint(
            "(state = 'retired') = (retired_at is not null)", name=op.f("terms_retired_check")
        ),
        sa.CheckConstraint("measure in ('connections', 'revenue')", name=op.f("terms_measure_check")),
        sa.CheckConstraint(
            "window_kind in ('rolling', 'month', 'quarter', 'lifetime')", name=op.f("terms_window_kind_check")
        ),
        sa.CheckConstraint(
            "(window_kind = 'rolling') = (window_days is not null)", name=op.f("terms_window_check")
        ),
        sa.CheckConstraint("window_days between 1 and 3650", name=op.f("terms_window_days_check")),
        sa.CheckConstraint(
            "not (retroactive and (window_kind = 'rolling' or freeze_tier))",
            name=op.f("terms_retroactive_check"),
        ),
        sa.CheckConstraint("grace_days between 0 and 365", name=op.f("terms_grace_days_check")),
        sa.CheckConstraint("vat_bps between 0 and 10000", name=op.f("terms_vat_bps_check")),
        sa.CheckConstraint("fee_bps between 0 and 10000", name=op.f("terms_fee_bps_check")),
        sa.CheckConstraint("fee_minimum >= 0", name=op.f("terms_fee_minimum_check")),
        sa.CheckConstraint("hold_days between 0 and 365", name=op.f("terms_hold_days_check")),
        sa.CheckConstraint("click_window_days between 0 and 365", name=op.f("terms_click_window_days_check")),
        sa.CheckConstraint("minimum_payout >= 0", name=op.f("terms_minimum_payout_check")),
        sa.CheckConstraint("evidence in ('bank_checked', 'attested')", name=op.f("terms_evidence_check")),
        sa.CheckConstraint(
            "on_agent_closed in ('release', 'forfeit')", name=op.f("terms_on_agent_closed_check")
        ),
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
        sa.Column("position", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("kind", sa.Text(), server_default="percent", nullable=False),
        sa.Column("event_kind", sa.Text(), server_default="payment", nullable=False),
        sa.Column("plan", sa.Text()),
        sa.Column("rate_bps", sa.BigInteger()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("payments", sa.Text(), server_default="every", nullable=False),
        sa.Column("months", sa.BigInteger()),
        sa.Column("months_from", sa.Text()),
        sa.Column("base", sa.Text(), server_default="gross", nullable=False),
        sa.Column("line_cap", sa.BigInteger()),
        sa.Column("customer_cap", sa.BigInteger()),
        sa.Column("monthly_cap", sa.BigInteger()),
        sa.Column("condition", sa.Text()),
        sa.Column("condition_days", sa.BigInteger()),
        sa.Column("on_cancel", sa.Text(), server_default="unearned", nullable=False),
        sa.Column("cancel_days", sa.BigInteger()),
        sa.Column("reward", sa.Text(), server_default="money", nullable=False),
        sa.CheckConstraint(
            "kind in ('percent', 'fixed')",
            name=op.f("rule_kind_check"),
        ),
        sa.CheckConstraint(
            "event_kind in ('payment', 'connection', 'sign_up') and (event_kind = 'payment' or kind ="
            " 'fixed')",
            name=op.f("rule_event_kind_check"),
        ),
        sa.CheckConstraint(
            "plan is null or (event_kind = 'payment' and plan <> '')",
            name=op.f("rule_plan_check"),
        ),
        sa.CheckConstraint(
            "rate_bps is null or (kind = 'percent' and rate_bps between 0 and 10000)",
            name=op.f("rule_rate_bps_check"),
        ),
        sa.CheckConstraint(
            "(kind = 'fixed') = (amount is not null) and coalesce(amount > 0, true)",
            name=op.f("rule_amount_check"),
        ),
        sa.CheckConstraint(
            "payments in ('every', 'first') and (payments = 'every' or event_kind = 'payment')",
            name=op.f("rule_payments_check"),
        ),
        sa.CheckConstraint(
            "(months is null) = (months_from is null) and (months is null or (months between 1 and 600"
            " and months_from in ('first_payment', 'sign_up') and event_kind = 'payment' and payments = 'every'))",
            name=op.f("rule_months_check"),
        ),
        sa.CheckConstraint(
            "base in ('gross', 'net_of_vat', 'net_of_fee')",
            name=op.f("rule_base_check"),
        ),
        sa.CheckConstraint(
            "line_cap > 0",
            name=op.f("rule_line_cap_check"),
        ),
        sa.CheckConstraint(
            "customer_cap > 0",
            name=op.f("rule_customer_cap_check"),
        ),
        sa.CheckConstraint(
            "monthly_cap > 0",
            name=op.f("rule_monthly_cap_check"),
        ),
        sa.CheckConstraint(
            "(condition is null) = (condition_days is null) and (condition is null or (event_kind <> 'payment'"
            " and condition in ('first_payment', 'stays') and condition_days between 1 and 3650))",
            name=op.f("rule_condition_check"),
        ),
        sa.CheckConstraint(
            "on_cancel in ('nothing', 'unearned', 'all')",
            name=op.f("rule_on_cancel_check"),
        ),
        sa.CheckConstraint(
            "(on_cancel = 'all') = (cancel_days is not null) and coalesce(cancel_days between 1 and"
            " 3650, true)",
            name=op.f("rule_cancel_days_check"),
        ),
        sa.CheckConstraint(
            "reward in ('money', 'credit')",
            name=op.f("rule_reward_check"),
        ),
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
