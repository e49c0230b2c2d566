"""The schema and the models are the same thing, said twice."""

import os

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command as alembic
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from erp.commands.migrate import alembic_config
from erp.models import metadata


@pytest.fixture
def owner(database: str) -> sa.Engine:
    url = os.environ["DATABASE_OWNER_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_models_equal_migrations(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_models_and_migrations_check_the_same(owner: sa.Engine) -> None:
    inspector = sa.inspect(owner)
    for table in metadata.sorted_tables:
        there = {check["name"] for check in inspector.get_check_constraints(table.name)}
        said = {check.name for check in table.constraints if isinstance(check, sa.CheckConstraint)}
        assert there == said, table.name


def test_there_is_one_head(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        assert len(ScriptDirectory.from_config(alembic_config(connection)).get_heads()) == 1


def test_the_schema_goes_down_to_nothing_and_up_again(
    owner: sa.Engine, superuser: psycopg.Connection
) -> None:
    with owner.begin() as connection:
        alembic.downgrade(alembic_config(connection), "base")
    left = superuser.execute(
        """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relname not like 'alembic_version%'
             and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
           union select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
           where n.nspname = 'public'
             and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')"""
    ).fetchall()
    assert left == []
    with owner.begin() as connection:
        alembic.upgrade(alembic_config(connection), "head")


def test_the_application_role_may_not_touch_the_schema(database: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        for sql in (
            "create table x ()",
            "alter table agent add column x text",
            "drop table outbox",
            "alter table entry disable trigger all",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql)
            connection.rollback()
