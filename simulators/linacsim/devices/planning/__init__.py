"""The planning systems of published conformance statements, as they behave on the network."""

from linacsim.devices.planning.services import ONCENTRA_CM_PRINT_SCU as ONCENTRA_CM_PRINT_SCU
from linacsim.devices.planning.services import PrintSCU as PrintSCU

__all__ = ["ONCENTRA_CM_PRINT_SCU", "PrintSCU"]
