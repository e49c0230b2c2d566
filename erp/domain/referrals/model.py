"""Tables of customers and of who brought them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Customer(db.Model):
    """Who pays the owner, known by the owner's id. `id` is also the person whose key protects the name.

    Contacts are kept as keyed hashes only: enough to see that an agent refers themselves.
    """

    __tablename__ = "customer"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    external_id: so.Mapped[str] = so.mapped_column(unique=True)
    request_hash: so.Mapped[bytes]
    kind: so.Mapped[str]
    establishment_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("establishment.id"), index=True)
    name_cipher: so.Mapped[bytes | None]
    phone_hash: so.Mapped[bytes | None]
    email_hash: so.Mapped[bytes | None]
    inn_hash: so.Mapped[bytes | None]
    signed_up_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    unattributed_reason: so.Mapped[str | None]
    __table_args__ = (sa.CheckConstraint("kind in ('establishment', 'company', 'consumer')", name="kind"),)


class Click(db.Model):
    """Somebody followed an agent's link. The id is the token their browser carries to the sign-up."""

    __tablename__ = "click"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"))
    clicked_at: so.Mapped[dt.datetime]
    __table_args__ = (sa.Index(None, "agent_id", "clicked_at"),)


class Referral(db.Model):
    """The one attribution of a customer, with the terms it was made under and the proof (ids, nothing personal).

    `is_rerated`: it was moved to other terms at least once, so `ReferralTerms` has something to say about it.
    `is_transferred`: it was another agent's at least once, so there may be commissions of agents who share no more; the
    database notes that by itself.
    """

    __tablename__ = "referral"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    customer_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("customer.id"), unique=True)
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"))
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id"), index=True)
    establishment_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("establishment.id"))
    basis: so.Mapped[str]
    booking_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("booking.id"))
    click_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("click.id"))
    code: so.Mapped[str | None]
    proof: so.Mapped[dict[str, Any]]
    frozen: so.Mapped[bool] = so.mapped_column(server_default=sa.false())
    is_rerated: so.Mapped[bool] = so.mapped_column(server_default=sa.false())
    is_transferred: so.Mapped[bool] = so.mapped_column(server_default=sa.false())
    registered_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    __table_args__ = (
        sa.CheckConstraint("basis in ('booking', 'code', 'click')", name="basis"),
        sa.CheckConstraint(
            "(basis = 'booking') = (booking_id is not null) and (basis = 'click') = (click_id is not null)"
            " and (basis = 'code') = (code is not null)",
            name="evidence",
        ),
    )


class ReferralTerms(db.Model):
    """A referral follows other terms from `from_at` on: decided before, never changed. `pins.terms_at` reads it."""

    __tablename__ = "referral_terms"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    referral_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("referral.id"))
    from_at: so.Mapped[dt.datetime]
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id"))
    rerate_id: so.Mapped[UUID] = so.mapped_column(index=True)
    code: so.Mapped[str]
    decided_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.Index(None, "referral_id", "id"),
        sa.CheckConstraint("decided_at < from_at", name="notice"),
    )


class ReferralShare(db.Model):
    """An agent's part of a referral in basis points; the parts sum to 10,000 (deferred trigger).

    `connected_at` is set when the customer is an establishment of the catalogue: then it counts for tiers.
    """

    __tablename__ = "referral_share"
    referral_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("referral.id"), primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), primary_key=True)
    bps: so.Mapped[int]
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"))
    connected_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(None, "agent_id", "programme_id", "connected_at"),
        sa.CheckConstraint("bps between 1 and 10000", name="bps"),
    )


class AttributionCase(db.Model):
    """Two agents have a claim on one customer: the holder keeps it, frozen, until a person decides."""

    __tablename__ = "attribution_case"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    referral_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("referral.id"))
    kind: so.Mapped[str]
    holder_agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), index=True)
    other_agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), index=True)
    state: so.Mapped[str] = so.mapped_column(server_default=sa.text("'open'"))
    opened_at: so.Mapped[dt.datetime]
    decided_at: so.Mapped[dt.datetime | None]
    decided_by: so.Mapped[str | None]
    note: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(
            "attribution_case_one_open_per_referral",
            "referral_id",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index(None, "state", "opened_at"),
        sa.CheckConstraint("kind in ('booking_against_code', 'dispute')", name="kind"),
        sa.CheckConstraint("state in ('open', 'upheld', 'transferred')", name="state"),
        sa.CheckConstraint("holder_agent_id <> other_agent_id", name="agents"),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (note is null)",
            name="decided",
        ),
    )
