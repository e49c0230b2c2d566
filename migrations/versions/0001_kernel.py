"""The ground: stamp and clock, people's keys, audit log, outbox, schedule, idempotent requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, grant, refuse_changes

revision = "0001_kernel"
down_revision = None

FUNCTIONS = """
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
    using errcode = 'restrict_violation', hint = 'add a new row that corrects the old one';
end $$;

create function refuse_unaudited() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from audit_entry where xact = pg_current_xact_id()::text::bigint) then
    raise exception '% was written without an audit row', tg_table_name using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

-- The one clock of a mock instance; on live it is real time.
create function ref_now() returns timestamptz language sql volatile as $$
  select clock_timestamp() + coalesce((select clock_offset from mock_clock), interval '0')
$$;

create function refuse_mock_clock() returns trigger language plpgsql as $$
begin
  if coalesce((select mode from instance), 'live') <> 'mock' then
    raise exception 'a live database runs on real time' using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' and new.clock_offset < old.clock_offset then
    raise exception 'the mock clock only moves forward' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""


def upgrade() -> None:
    op.create_table(
        "instance",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one", name=op.f("instance_one_check")),
        sa.CheckConstraint("mode in ('mock', 'live')", name=op.f("instance_mode_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("instance_pkey")),
    )
    op.create_table(
        "mock_clock",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("clock_offset", sa.Interval(), nullable=False),
        sa.CheckConstraint("one", name=op.f("mock_clock_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("mock_clock_pkey")),
    )
    op.create_table(
        "person_key",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("person_key_pkey")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xact", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_pkey")),
    )
    op.create_index(op.f("audit_entry_xact_idx"), "audit_entry", ["xact"])
    op.create_index("audit_entry_subject_idx", "audit_entry", ["subject_type", "subject_id"])
    op.create_index("audit_entry_actor_idx", "audit_entry", ["actor_kind", "actor_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("relayed_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("given_up_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
    )
    op.create_index("outbox_due_idx", "outbox", ["due_at"], postgresql_where=sa.text("given_up_at is null"))
    op.create_table(
        "schedule_slot",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column(
            "taken_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("job", name=op.f("schedule_slot_pkey")),
    )
    op.create_table(
        "idempotent_request",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("idempotent_request_pkey")),
    )
    op.execute(FUNCTIONS)
    op.execute(
        "create trigger mock_clock_is_mock_only before insert or update on mock_clock"
        " for each row execute function refuse_mock_clock()"
    )
    refuse_changes("instance")
    grant("instance", "select")
    grant("mock_clock", "select, update")
    grant("person_key", "select, insert, delete")
    append_only("audit_entry")
    grant("outbox", "select, insert, update, delete")
    grant("schedule_slot", "select, insert, update")
    grant("idempotent_request", "select, insert, update, delete")


def downgrade() -> None:
    for table in (
        "idempotent_request",
        "schedule_slot",
        "outbox",
        "audit_entry",
        "person_key",
        "mock_clock",
        "instance",
    ):
        op.drop_table(table)
    for function in ("refuse_mock_clock", "ref_now", "refuse_unaudited", "refuse_change"):
        op.execute(f"drop function {function}()")
