"""The state of a commission finds its corrections through their index."""

from alembic import op

revision = "0019_corrections"
down_revision = "0018_key_names"

VIEW = """
create or replace view commission_state as
  select c.*, c.amount + coalesce(x.corrected, 0) as net, coalesce(x.reversed, 0) as reversed,
         coalesce(x.trued_up, 0) as trued_up, h.until as held_until, h.reason as freeze_reason,
         m.matured_at, m.commission_id is not null as matured
  from commission c
  left join lateral (select sum(d.amount) as corrected,
                            sum(d.amount) filter (where d.kind = 'reversal') as reversed,
                            sum(d.amount) filter (where d.kind = 'true_up') as trued_up
                     from commission d where d.accrual_id = c.id {corrections}) x on true
  left join hold h on h.commission_id = c.id
  left join maturity m on m.commission_id = c.id
  where c.kind = 'accrual'
"""


def upgrade() -> None:
    # The index of corrections leaves accruals out, and only a query that does so too can use it.
    op.execute(VIEW.format(corrections="and d.kind <> 'accrual'"))


def downgrade() -> None:
    op.execute(VIEW.format(corrections=""))
