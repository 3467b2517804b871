"""Floor 2: the fault vocabulary and the chain that applies it at the reach, stream, upper layer, DIMSE and data set borders.

`model` says what can go wrong and when; `chain` makes it happen at one place. Faults of a device's hardware live in the
device: there they cause the codes.
"""

from linacsim.faults.chain import Chain as Chain
from linacsim.faults.chain import chain_at as chain_at
from linacsim.faults.model import ACTIONS as ACTIONS
from linacsim.faults.model import Armed as Armed
from linacsim.faults.model import Occurrence as Occurrence
from linacsim.faults.model import When as When
from linacsim.faults.model import contradiction as contradiction
from linacsim.faults.model import fault as fault
from linacsim.faults.when import Conditions as Conditions

__all__ = ["ACTIONS", "Armed", "Chain", "Conditions", "Occurrence", "When", "chain_at", "contradiction", "fault"]
