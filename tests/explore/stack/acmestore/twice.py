"""The bug: each attempt sends an object with a UID of its own, so one whose response is lost is there twice."""

import itertools

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from acmestore.images import entity, images, is_stored

ATTEMPTS = 3
_numbers = itertools.count(1)


def send(host: str, port: int) -> int:
    """Send all images; return how many have arrived."""
    return sum(any(_arrives(host, port, ds) for _ in range(ATTEMPTS)) for ds in images())


def _arrives(host: str, port: int, ds: Dataset) -> bool:
    ds.SOPInstanceUID = generate_uid(entropy_srcs=["acmestore", str(next(_numbers))])
    assoc = entity([ds]).associate(host, port)
    if not assoc.is_established:
        return False
    try:
        return is_stored(assoc.send_c_store(ds))
    except (RuntimeError, ValueError):
        return False
    finally:
        assoc.release()
