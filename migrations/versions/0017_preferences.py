"""What people prefer: language, theme and zone of staff, the language of agents; passwords that must be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0017_preferences"
down_revision = "0015_clock_start"

LANGUAGES = "'en', 'ru'"


def upgrade() -> None:
    op.add_column(
        "staff",
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    for name in ("language", "theme", "zone"):
        op.add_column("staff", sa.Column(name, sa.Text()))
    op.create_check_constraint(op.f("staff_language_check"), "staff", f"language in ({LANGUAGES})")
    op.create_check_constraint(op.f("staff_theme_check"), "staff", "theme in ('light', 'dark', 'system')")
    for table in ("agent", "login_code"):
        op.add_column(table, sa.Column("language", sa.Text()))
        op.create_check_constraint(op.f(f"{table}_language_check"), table, f"language in ({LANGUAGES})")


def downgrade() -> None:
    for table in ("login_code", "agent"):
        op.drop_column(table, "language")
    for name in ("zone", "theme", "language", "must_change_password"):
        op.drop_column("staff", name)
