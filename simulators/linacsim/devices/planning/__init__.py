"""The planning systems of published conformance statements, as they behave on the network.

- `services`: every application entity as a kind of device, by its table
- `peer`: what all are; `sending`, `receiving`, `querying`, `retrieving`, `printing`, `filing`: the roles
- `network`, `outcome`, `sources`, `transcode`, `inbox`, `pages`, `printjob`: what the roles are made of
- `monaco`, `oncentra`, `preciseplan`, `raystation`, `varian`: what the tables of a system cannot say
- `personality`, `activities`: what a site sets, and what a user chooses
"""

from linacsim.devices.planning.services import kind as kind
from linacsim.devices.planning.services import names as names

__all__ = ["kind", "names"]
