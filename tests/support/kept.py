"""What a copied database held at first, to put it back after a test: its rows alone, so that its users stay connected."""

from __future__ import annotations

import os

import psycopg
from psycopg.sql import SQL, Identifier, Literal

AT_MOST = 100
"""How often a database is put back before it is copied anew: what was deleted is still in its files."""
WATCH = """
    create schema kept;
    create sequence kept.alteration;
    create function kept.note() returns event_trigger language plpgsql security definer as $$
    begin
      if tg_event = 'sql_drop' then
        if exists (select 1 from pg_event_trigger_dropped_objects() where not is_temporary) then
          perform nextval('kept.alteration');
        end if;
      elsif exists (select 1 from pg_event_trigger_ddl_commands() where schema_name is distinct from 'pg_temp') then
        perform nextval('kept.alteration');
      end if;
    end $$;
    create event trigger kept_altered on ddl_command_end execute function kept.note();
    create event trigger kept_dropped on sql_drop execute function kept.note();
    alter event trigger kept_altered enable always;
    alter event trigger kept_dropped enable always"""
"""Whoever alters more than rows leaves a number behind, even if it is rolled back or told to fire no triggers. Settings of
the database itself are looked up: they stand outside of it, where no trigger fires."""
ALTERED = """
    select is_called or exists (select 1 from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
                                where d.datname = current_database())
    from kept.alteration"""
RELATIONS = """
    select n.nspname, c.relname, c.relkind = 'S' from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'kept')"""
LEFT_OVER = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity a
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and (state <> 'idle' or exists (select 1 from pg_locks l where l.pid = a.pid and l.locktype = 'advisory'))"""
"""Ends whoever is still at something, as a copy anew would."""

Relation = tuple[str, str]
"""Schema and name, of a table or a sequence."""


class Kept:
    """A database since it was copied from `source`. `rows` are the source's, by table, as COPY writes them."""

    def __init__(self, database: str, source: str, rows: dict[Relation, bytes]):
        self.source = source
        self._rows = rows
        self._connection = psycopg.connect(os.environ["SUPERUSER_URL"], dbname=database, autocommit=True)
        self._connection.execute(WATCH)
        found = self._connection.execute(RELATIONS).fetchall()
        self._sequences = {(schema, name) for schema, name, is_sequence in found if is_sequence}
        self._tables = {(schema, name) for schema, name, is_sequence in found if not is_sequence}
        self._question = SQL(" union all ").join(map(self._state, sorted(self._tables | self._sequences)))
        if not rows:
            rows.update({table: self._read(table) for table in self._tables})
        self._first = self._look()
        self._since = self._transaction()
        self._times = 0

    def put_back(self) -> bool:
        """Whether all is as it was at first. It is not when more than rows was altered, or done too often."""
        self._connection.execute(LEFT_OVER)
        if self._times == AT_MOST or self._connection.execute(ALTERED).fetchone() == (True,):
            return False
        now = self._look()
        changed = {relation for relation in now if self._has_changed(relation, now[relation])}
        with self._connection.transaction():
            self._connection.execute("set local session_replication_role = replica")
            for relation in changed & self._tables:
                self._write(relation)
            for relation in changed & self._sequences:
                last, began = self._first[relation]
                self._connection.execute(
                    SQL("select setval({}, {}, {})").format(
                        _text(relation), Literal(last), Literal(bool(began))
                    )
                )
            self._since = self._transaction()
        self._times += 1
        return True

    def close(self) -> None:
        self._connection.close()

    def _state(self, relation: Relation) -> SQL:
        """Of a table how many rows it has and which transaction wrote last, of a sequence where it stands."""
        what = (
            "last_value, is_called::int"
            if relation in self._sequences
            else "count(*), max(xmin::text::bigint)"
        )
        return SQL("select {}, {}, " + what + " from {}").format(
            *map(Literal, relation), Identifier(*relation)
        )

    def _look(self) -> dict[Relation, tuple[int, int]]:
        found = self._connection.execute(self._question, prepare=True)
        return {(schema, name): (first, second or 0) for schema, name, first, second in found}

    def _has_changed(self, relation: Relation, now: tuple[int, int]) -> bool:
        first = self._first[relation]
        if relation in self._sequences:
            return now != first
        return now[0] != first[0] or now[1] > self._since

    def _transaction(self) -> int:
        return self._connection.execute("select pg_current_xact_id()::text::bigint").fetchone()[0]

    def _read(self, table: Relation) -> bytes:
        with self._connection.cursor().copy(SQL("copy {} to stdout").format(Identifier(*table))) as copy:
            return b"".join(copy)

    def _write(self, table: Relation) -> None:
        self._connection.execute(SQL("delete from {}").format(Identifier(*table)))
        if rows := self._rows[table]:
            with self._connection.cursor().copy(SQL("copy {} from stdin").format(Identifier(*table))) as copy:
                copy.write(rows)


_kept: dict[str, Kept] = {}
_rows: dict[str, dict[Relation, bytes]] = {}
"""By source."""


def keep(database: str, source: str) -> None:
    """Remember what the database holds, which was just copied from the source."""
    _kept[database] = Kept(database, source, _rows.setdefault(source, {}))


def put_back(database: str, source: str) -> bool:
    """Whether the database holds again what it did when it was copied from the source, if it was."""
    kept = _kept.get(database)
    try:
        return kept is not None and kept.source == source and kept.put_back()
    except psycopg.OperationalError:  # a test had the server end all connections
        return False


def forget(database: str) -> None:
    """The database is about to become another."""
    _rows.pop(database, None)
    if kept := _kept.pop(database, None):
        kept.close()


def _text(relation: Relation) -> Literal:
    return Literal(".".join(f'"{part}"' for part in relation))
