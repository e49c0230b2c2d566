"""After the mock clock moved: do at once what became due in between."""

from erp.jobs.schedule import SCHEDULE
from erp.kernel import outbox


def catch_up(_subjects: list[str]) -> None:
    for entry in SCHEDULE:
        outbox.resolve(entry.job)()  # type: ignore[call-arg]  # periodic jobs take nothing
