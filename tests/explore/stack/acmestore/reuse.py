"""The bug: after a timeout the association is kept, and the next call uses it again."""

from pynetdicom.association import Association

from acmestore.images import entity, images, is_stored

_open: list[Association] = []


def send(host: str, port: int) -> int:
    """Send all images; return how many have arrived."""
    waiting = images()
    if not _open:
        assoc = entity(waiting).associate(host, port)
        if not assoc.is_established:
            return 0
        _open.append(assoc)
    (assoc,) = _open
    for sent, ds in enumerate(waiting):
        if not is_stored(assoc.send_c_store(ds)):
            return sent
    assoc.release()
    _open.clear()
    return len(waiting)
