"""Stacks that behave as some of the threads of docs/pains.md tell: they stand in for the product, and have to be found out.

What a device of the bench can do wrong by its settings or by a fault needs no stack of its own; see wrong_products.yaml.
"""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.presentation import build_context

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def _connected(host: str, port: str, contexts: list[Any]) -> Association:
    return AE("PRODUCT").associate(host, int(port), contexts=contexts)


def _images() -> list[Dataset]:
    return [dcmread(str(get_testdata_file(name))) for name in ("CT_small.dcm", "MR_small.dcm")]


def _contexts(images: list[Dataset]) -> list[Any]:
    return [build_context(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in images]


def goes_on_after_a_timeout(host: str, port: str) -> None:
    """Send the second image over the same association when the first has not been answered for 30 s."""
    images = _images()
    assoc = _connected(host, port, _contexts(images))
    for number, image in enumerate(images, 1):
        request: Any = C_STORE()
        request.MessageID, request.Priority = number, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        context = next(one for one in assoc.accepted_contexts if one.abstract_syntax == image.SOPClassUID)
        request.DataSet = BytesIO(encode(image, is_implicit_vr=False, is_little_endian=True) or b"")
        assoc.dimse.send_msg(request, context.context_id or 0)
        time.sleep(30)
    raise TimeoutError("timeout")


def tells_nothing_of_an_abort(host: str, port: str) -> None:
    """Store an image, and say of an abort that it was one."""
    images = _images()[:1]
    assoc = _connected(host, port, _contexts(images))
    if "Status" not in assoc.send_c_store(images[0]):
        raise ConnectionError("aborted")
    assoc.release()


def takes_whatever_comes(host: str, port: str) -> int:
    """Query, and take every response for one to the query."""
    assoc = _connected(host, port, [build_context(STUDY_ROOT_FIND)])
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", ""
    found = sum(1 for status, match in assoc.send_c_find(identifier, STUDY_ROOT_FIND) if match is not None)
    assoc.release()
    return found
