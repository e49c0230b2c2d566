"""The pages of RefERP, one file a noun."""

from flask import Flask

from erp.blueprints import (
    agents,
    api_keys,
    audit,
    backtest_agents,
    backtest_comparison,
    backtests,
    bookings,
    bulk,
    cases,
    clock,
    commissions,
    customers,
    deadlines,
    disputes,
    entries,
    establishments,
    freezes,
    help,
    home,
    jobs,
    journal,
    ledger,
    me,
    once,
    payments,
    payout_runs,
    payouts,
    periods,
    preferences,
    presentation,
    programmes,
    referrals,
    rerates,
    reversals,
    roles,
    seal_roots,
    search,
    sessions,
    settlements,
    shell,
    staff,
    statements,
    terms,
    terms_force,
    ui,
    write_offs,
)

WORK = (home, search, establishments, bookings, agents, entries, referrals, customers, cases, disputes, bulk)
MONEY = (
    commissions,
    freezes,
    reversals,
    deadlines,
    payments,
    payouts,
    payout_runs,
    settlements,
    write_offs,
    ledger,
    journal,
    periods,
    statements,
    seal_roots,
    programmes,
    terms,
    terms_force,
    rerates,
    backtests,
    backtest_agents,
    backtest_comparison,
)
SYSTEM = (help, audit, jobs, staff, api_keys, clock, ui, sessions, me)


def register(app: Flask) -> None:
    """Mount every page on the application."""
    presentation.register(app)
    once.register(app)
    preferences.register(app)
    roles.register(app)
    shell.register(app)
    for noun in (*WORK, *MONEY, *SYSTEM):
        app.register_blueprint(noun.bp)
    app.register_blueprint(backtest_agents.lines_bp)
    app.register_blueprint(rerates.agents_bp)
