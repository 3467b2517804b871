"""The bug: a response that does not come leaves an empty status, and that is taken for success."""

from pydicom.dataset import Dataset

from acmestore.images import SUCCESS, entity, images


def send(host: str, port: int) -> int:
    """Send all images, each on an association of its own; return how many have arrived."""
    return sum(_arrives(host, port, ds) for ds in images())


def _arrives(host: str, port: int, ds: Dataset) -> bool:
    assoc = entity([ds]).associate(host, port)
    if not assoc.is_established:
        return False
    status = assoc.send_c_store(ds)
    assoc.release()
    return not (status and status.Status != SUCCESS)
