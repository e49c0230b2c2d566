"""`python -m simulators.tbank`: run the simulated bank until told to stop."""

from __future__ import annotations

import logging
import os
import sys

from simulators.journal import JournalInUse
from simulators.tbank.app import create_app
from simulators.tbank.settings import RealBank, read
from simulators.web import NotLoopback, serve


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = read()
    try:
        settings.refuse_unsafe(os.environ)
        serve(create_app(settings), settings.host, settings.port, "the simulated bank")
    except (NotLoopback, RealBank, JournalInUse, OSError, ValueError) as error:
        print(f"simulators.tbank: {error}", file=sys.stderr)  # noqa: T201  # the one line a person reads
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
