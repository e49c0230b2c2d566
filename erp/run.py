"""`python -m erp.run`: the workers of an instance as a process, or with --scheduler what enqueues their periodic work."""

from __future__ import annotations

import argparse
from importlib import import_module

from erp.kernel.loading import loading


def main() -> None:
    parser = argparse.ArgumentParser(
        description="RQ workers of Ref, or with --scheduler what enqueues periodic work"
    )
    parser.add_argument("--scheduler", action="store_true")
    arguments = parser.parse_args()
    with loading():
        worker = import_module("erp.worker")
        if not arguments.scheduler:
            import_module(worker.APPLICATION)  # once for all workers, who are forked from this process
    worker.run_scheduler() if arguments.scheduler else worker.run_pool()


if __name__ == "__main__":
    main()
