"""Functions that do what nobody should."""

import os
import time

from acmestore import right


def dies(host: str, port: int) -> int:
    """Takes the whole process along if anything goes wrong."""
    sent = right.send(host, port)
    if time.monotonic() > 1:
        os._exit(7)
    return sent


def wants_a_status(host: str, port: int) -> int:
    """Looks at the status of a response that has not come."""
    from acmestore.images import SUCCESS, entity, images

    assoc = entity(images()).associate(host, port)
    sent = sum(assoc.send_c_store(ds).Status == SUCCESS for ds in images()) if assoc.is_established else 0
    assoc.release()
    return sent


def never_lets_go(host: str, port: int) -> int:
    """Leaves the association open, with nobody to end it."""
    from acmestore.images import entity, images

    ae = entity(images())
    ae.network_timeout = None
    assoc = ae.associate(host, port)
    return sum("Status" in assoc.send_c_store(ds) for ds in images()) if assoc.is_established else 0
