"""`python -m simulators.sms`: run the simulated SMS gateway until told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from simulators.clock import Clock
from simulators.journal import JournalInUse
from simulators.sms.app import create_app
from simulators.web import NotLoopback, refuse_beyond_loopback, serve


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    settings = _parser().parse_args()
    try:
        refuse_beyond_loopback(settings.host)
        app = create_app(settings.journal, settings.token, Clock(settings.clock_database))
        serve(app, settings.host, settings.port, "the simulated SMS gateway")
    except (NotLoopback, JournalInUse, OSError) as error:
        print(f"simulators.sms: {error}", file=sys.stderr)  # noqa: T201  # the one line a person reads
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m simulators.sms", description=__doc__)

    def option(name: str, default: str | None, text: str, kind: type = str) -> None:
        variable = "REF_SMS_" + name.upper().replace("-", "_")
        value = os.environ.get(variable, default)
        parser.add_argument(f"--{name}", default=value, type=kind, help=f"{text} [{variable}]")

    option("host", "127.0.0.1", "loopback address to listen on")
    option("port", "8472", "port to listen on", int)
    option("journal", "var/simulators/sms.jsonl", "file that remembers everything", Path)
    option("token", "simulator", "bearer token that senders must show")
    option("clock-database", None, "postgresql:// URL whose ref_now() is the clock")
    return parser


if __name__ == "__main__":
    sys.exit(main())
