"""Tries again on a new association; an image counts when its own response says so."""

import time

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association

from acmestore.images import entity, images, is_stored

ATTEMPTS = 3
PAUSE = 10


def send(host: str, port: int) -> int:
    """Send all images; return how many have arrived for certain."""
    waiting, total = images(), len(images())
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        waiting = waiting[_send(host, port, waiting) :]
        if not waiting:
            break
    return total - len(waiting)


def _send(host: str, port: int, waiting: list[Dataset]) -> int:
    """Send images on one association until one does not arrive; return how many did."""
    answered: list[int] = []

    def heed(event: evt.Event) -> None:
        message = event.message.command_set
        answered.append(int(message.get("MessageIDBeingRespondedTo", -1)))

    assoc = entity(waiting).associate(host, port, evt_handlers=[(evt.EVT_DIMSE_RECV, heed)])
    if not assoc.is_established:
        return 0
    done = 0
    for number, ds in enumerate(waiting, 1):
        if not _arrives(assoc, ds, number, answered):
            break
        done += 1
    if done == len(waiting):
        assoc.release()
    else:
        assoc.abort()
    return done


def _arrives(assoc: Association, ds: Dataset, number: int, answered: list[int]) -> bool:
    answered.clear()
    try:
        status = assoc.send_c_store(ds, msg_id=number)
    except (RuntimeError, ValueError):
        # the association is gone, or does not take this SOP class
        return False
    # pynetdicom takes any response for the one that it waits for
    return is_stored(status) and answered == [number]
