"""One whole instance of Ref on one machine: servers, simulators, web, workers and scheduler, started and stopped together."""

from erp.embedded import EmbeddedError
from erp.up.environment import attach
from erp.up.instance import Instance, alone, running, up

__all__ = ["EmbeddedError", "Instance", "alone", "attach", "running", "up"]
