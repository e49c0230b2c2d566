"""Reversals stand in no index by time, and what a fact refers to is looked for in one go."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import as_made_by

revision = "0132_lean_indexes"
down_revision = "0131_lean_lines"

FUNCTIONS = """
-- Facts and customers are never removed, so what refers to them needs no lock on them, as a foreign key takes: it would
-- write to the page of every old fact that a refund is about.
create function event_check_references() returns trigger language plpgsql as $$
declare
  v_original bigint;
  v_customer text;
begin
  select min(a.original_event_id) filter (
           where a.original_event_id is not null
             and not exists (select 1 from event e where e.id = a.original_event_id offset 0)),
         min(a.customer_id::text) filter (where not exists (select 1 from customer c where c.id = a.customer_id offset 0))
  into v_original, v_customer from added a;
  if v_original is not null then
    raise exception 'there is no event % that another could be about', v_original
      using errcode = 'foreign_key_violation', constraint = 'event_has_its_original';
  end if;
  if v_customer is not null then
    raise exception 'there is no customer % that an event could be of', v_customer
      using errcode = 'foreign_key_violation', constraint = 'event_has_its_customer';
  end if;
  return null;
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.execute("drop trigger event_has_its_original on event")
    op.execute("drop function event_check_original()")
    op.drop_constraint("event_customer_id_fkey", "event", type_="foreignkey")
    op.execute(
        "create trigger event_has_its_references after insert on event referencing new table as added"
        " for each statement execute function event_check_references()"
    )
    op.execute(
        "create trigger customer_stays before delete or truncate or update of id on customer"
        " for each statement execute function refuse_change()"
    )
    op.drop_index("commission_agent_time_idx", "commission")
    _index(only=sa.text("kind <> 'reversal'"))


def downgrade() -> None:
    op.drop_index("commission_agent_time_idx", "commission")
    _index()
    op.execute("drop trigger customer_stays on customer")
    op.execute("drop trigger event_has_its_references on event")
    op.execute("drop function event_check_references()")
    op.create_foreign_key("event_customer_id_fkey", "event", "customer", ["customer_id"], ["id"])
    op.execute(as_made_by("0130_lean_books", "event_check_original"))
    op.execute(
        "create trigger event_has_its_original after insert on event for each row"
        " when (new.original_event_id is not null) execute function event_check_original()"
    )


def _index(only: sa.TextClause | None = None) -> None:
    columns = ["agent_id", "programme_id", "occurred_at", "event_id"]
    op.create_index("commission_agent_time_idx", "commission", columns, postgresql_where=only)
