"""Sum up whole numbers as whole numbers, and look once a statement whether a back-test is there, not once a row."""

from alembic import op

from migrations.helpers import APP, grant

revision = "0120_replay"
down_revision = "0132_lean_indexes"

PARTS = ("result", "agent")
"""What a back-test has of every agent."""

IS_THERE = """
create function back_test_is_there() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  perform from back_test where id in (select back_test_id from added) for key share;
  if exists (select from added a where not exists (select from back_test b where b.id = a.back_test_id)) then
    raise foreign_key_violation using message = 'there is no such back-test', table = tg_table_name;
  end if;
  return null;
end $$
"""
GOES_WITH_ITS_PARTS = """
create function back_test_goes() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from back_test_result where back_test_id = old.id;
  delete from back_test_agent where back_test_id = old.id;
  return null;
end $$
"""


def upgrade() -> None:
    op.execute(
        "create aggregate total(bigint) (sfunc = int8pl, stype = bigint, combinefunc = int8pl, parallel = safe)"
    )
    op.execute(IS_THERE)
    op.execute(GOES_WITH_ITS_PARTS)
    for part in PARTS:
        table = f"back_test_{part}"
        op.drop_constraint(op.f(f"{table}_back_test_id_fkey"), table)
        op.execute(f"revoke update on {table} from {APP}")
        op.execute(
            f"create trigger {table}_has_a_back_test after insert on {table} referencing new table as added"
            " for each statement execute function back_test_is_there()"
        )
    op.execute(
        "create trigger back_test_goes_with_its_parts after delete on back_test"
        " for each row execute function back_test_goes()"
    )


def downgrade() -> None:
    op.execute("drop trigger back_test_goes_with_its_parts on back_test")
    for part in PARTS:
        table = f"back_test_{part}"
        op.execute(f"drop trigger {table}_has_a_back_test on {table}")
        grant(table, "update")
        op.create_foreign_key(
            op.f(f"{table}_back_test_id_fkey"),
            table,
            "back_test",
            ["back_test_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.execute("drop function back_test_is_there")
    op.execute("drop function back_test_goes")
    op.execute("drop aggregate total(bigint)")
