"""The planning systems of published conformance statements, as they behave on the network.

- `entities`, `services`: every application entity as a kind of device, by its table
- `peer`: what all are; `sending`, `receiving`, `querying`, `retrieving`, `printing`, `filing`: the roles
- `network`, `outcome`, `sources`, `transcode`, `inbox`, `pages`, `printjob`: what the roles are made of
- `monaco`, `oncentra`, `preciseplan`, `raystation`, `varian`: what the tables of a system cannot say
- `personality`, `activities`: what a site sets, and what a user chooses
"""

from __future__ import annotations

from linacsim.devices.device import Kind
from linacsim.devices.planning.entities import names as names


def kind(name: str) -> Kind:
    """Return the kind of device that plays an application entity; its table is read now.

    Raises
    ------
    KeyError
        If there is no such entity.
    """
    # whoever asks for no planning system need not wait for objects, checker and tables to be imported
    from linacsim.devices.planning import services  # noqa: PLC0415

    return services.kind(name)


__all__ = ["kind", "names"]
