"""Tables of agents and of how they sign in."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel import sentences
from erp.kernel.db import db

LANGUAGES = ", ".join(f"'{language}'" for language in sentences.LANGUAGES)


class Agent(db.Model):
    """Who refers. `id` is also the person whose key protects the ciphers; `code` is theirs for life."""

    __tablename__ = "agent"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    kind: so.Mapped[str] = so.mapped_column(server_default=sa.text("'person'"))
    code: so.Mapped[str] = so.mapped_column(unique=True)
    state: so.Mapped[str] = so.mapped_column(server_default=sa.text("'pending'"))
    name_cipher: so.Mapped[bytes | None]
    phone_cipher: so.Mapped[bytes]
    phone_hash: so.Mapped[bytes] = so.mapped_column(unique=True)
    email_cipher: so.Mapped[bytes | None]
    email_hash: so.Mapped[bytes | None]
    inn_cipher: so.Mapped[bytes | None]
    inn_hash: so.Mapped[bytes | None]
    bank_member_id: so.Mapped[str | None]
    bank_name: so.Mapped[str | None]
    registered_at: so.Mapped[dt.datetime]
    activated_at: so.Mapped[dt.datetime | None]
    suspended_at: so.Mapped[dt.datetime | None]
    suspension_reason: so.Mapped[str | None]
    closed_at: so.Mapped[dt.datetime | None]
    language: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(None, "state", "registered_at"),
        sa.CheckConstraint("kind in ('person', 'organisation', 'customer', 'sales_rep')", name="kind"),
        sa.CheckConstraint("code ~ '^[0-9A-HJKMNP-TV-Z]{4,10}$'", name="code"),
        sa.CheckConstraint("state in ('pending', 'active', 'suspended', 'closed')", name="state"),
        sa.CheckConstraint("state <> 'active' or activated_at is not null", name="active"),
        sa.CheckConstraint("(state = 'suspended') = (suspended_at is not null)", name="suspended"),
        sa.CheckConstraint("(suspended_at is null) = (suspension_reason is null)", name="suspension"),
        sa.CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed"),
        sa.CheckConstraint("(bank_member_id is null) = (bank_name is null)", name="bank"),
        sa.CheckConstraint(f"language in ({LANGUAGES})", name="language"),
    )


class LoginCode(db.Model):
    """A one-time code on its way to a phone. The ciphers are wiped when the code was used, or is too old."""

    __tablename__ = "login_code"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    person_id: so.Mapped[UUID] = so.mapped_column(index=True)
    phone_hash: so.Mapped[bytes]
    phone_cipher: so.Mapped[bytes | None]
    code_hash: so.Mapped[bytes]
    code_cipher: so.Mapped[bytes | None]
    requested_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    expires_at: so.Mapped[dt.datetime]
    sent_at: so.Mapped[dt.datetime | None]
    used_at: so.Mapped[dt.datetime | None]
    attempts: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    language: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(None, "phone_hash", "requested_at"),
        sa.CheckConstraint(f"language in ({LANGUAGES})", name="language"),
    )


class AgentSession(db.Model):
    """A device that is signed in; the family of the refresh tokens given out one after another."""

    __tablename__ = "agent_session"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), index=True)
    access_hash: so.Mapped[bytes] = so.mapped_column(unique=True)
    access_expires_at: so.Mapped[dt.datetime]
    started_at: so.Mapped[dt.datetime]
    ended_at: so.Mapped[dt.datetime | None]
    ending: so.Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("(ended_at is null) = (ending is null)", name="ended"),
        sa.CheckConstraint("ending in ('signed_out', 'token_reused', 'closed')", name="ending"),
    )


class RefreshToken(db.Model):
    """A token that buys the next pair once. Shown a second time, it gives a thief away and ends the session."""

    __tablename__ = "refresh_token"
    token_hash: so.Mapped[bytes] = so.mapped_column(primary_key=True)
    session_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent_session.id"), index=True)
    expires_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    used_at: so.Mapped[dt.datetime | None]
