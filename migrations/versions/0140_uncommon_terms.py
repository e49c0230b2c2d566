"""A programme knows whether its terms ever asked for more than the common text of the engine counts."""

import sqlalchemy as sa
from alembic import op

revision = "0140_uncommon_terms"
down_revision = "0120_replay"

UNCOMMON = """t.state <> 'draft'
    and (t.measure <> 'connections' or t.window_kind <> 'rolling' or t.grace_days > 0 or t.freeze_tier
         or exists (select 1 from rule u
                    where u.terms_id = t.id
                      and (u.payments <> 'every' or u.months is not null or u.customer_cap is not null
                           or u.condition is not null)))"""
FUNCTIONS = f"""
-- Every accrual asks, so the answer is kept where the programme is read. Terms change no more once they are no draft.
create function programme_note_uncommon_terms() returns trigger language plpgsql as $$
begin
  update programme p set has_uncommon_terms = true
  where p.id = new.programme_id and not p.has_uncommon_terms
    and exists (select 1 from terms t where t.id = new.id and {UNCOMMON});
  return null;
end $$;
"""


def upgrade() -> None:
    op.add_column(
        "programme",
        sa.Column("has_uncommon_terms", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(
        "alter table programme disable trigger programme_is_audited"
    )  # what is known already is no deed
    op.execute(
        f"""update programme p set has_uncommon_terms = true
            where exists (select 1 from terms t where t.programme_id = p.id and {UNCOMMON})"""
    )
    op.execute("alter table programme enable trigger programme_is_audited")
    op.execute(FUNCTIONS)
    op.execute(
        "create trigger programme_knows_of_uncommon_terms after insert or update of state on terms for each row"
        " when (new.state <> 'draft') execute function programme_note_uncommon_terms()"
    )


def downgrade() -> None:
    op.execute("drop trigger programme_knows_of_uncommon_terms on terms")
    op.execute("drop function programme_note_uncommon_terms()")
    op.drop_column("programme", "has_uncommon_terms")
