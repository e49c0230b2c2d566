"""A mock clock may begin in the past, as long as nothing has happened in the database."""

from alembic import op

revision = "0015_clock_start"
down_revision = "0014_forgetting"

FUNCTION = """
create or replace function refuse_mock_clock() returns trigger language plpgsql as $$
begin
  if coalesce((select mode from instance), 'live') <> 'mock' then
    raise exception 'a live database runs on real time' using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' and new.clock_offset < old.clock_offset%s then
    raise exception 'the mock clock only moves forward' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTION.replace("%s", " and exists (select 1 from audit_entry)"))


def downgrade() -> None:
    op.execute(FUNCTION.replace("%s", ""))
