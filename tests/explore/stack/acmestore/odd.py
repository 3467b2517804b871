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


def leaves_it_open(host: str, port: int) -> int:
    """Gives up when an image is refused, and forgets the association."""
    from acmestore.images import entity, images, is_stored

    ae = entity(images())
    ae.network_timeout = None
    assoc = ae.associate(host, port)
    for sent, ds in enumerate(images()):
        if not assoc.is_established or not is_stored(assoc.send_c_store(ds)):
            return sent
    assoc.release()
    return 3


def noted(run: object) -> list[str]:
    """Leaves a file behind when it has looked at a run."""
    with open("noted", "w"):
        return []
