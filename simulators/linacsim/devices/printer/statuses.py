"""The statuses of print management, and how a request is refused with one (PS3.4 H.4, PS3.7 C)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pynetdicom.status import PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS, STATUS_WARNING

SUCCESS = 0x0000
OPTIONAL_ATTRIBUTES_UNSUPPORTED = 0x0001
NO_SUCH_ATTRIBUTE = 0x0105
INVALID_ATTRIBUTE_VALUE = 0x0106
ATTRIBUTE_LIST_ERROR = 0x0107
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
NO_SUCH_SOP_INSTANCE = 0x0112
NO_SUCH_EVENT_TYPE = 0x0113
NO_SUCH_ARGUMENT = 0x0114
INVALID_ARGUMENT_VALUE = 0x0115
ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116
INVALID_SOP_INSTANCE = 0x0117
NO_SUCH_SOP_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
MISSING_ATTRIBUTE = 0x0120
MISSING_ATTRIBUTE_VALUE = 0x0121
SOP_CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
NOT_AUTHORISED = 0x0124
DUPLICATE_INVOCATION = 0x0210
UNRECOGNISED_OPERATION = 0x0211
MISTYPED_ARGUMENT = 0x0212
RESOURCE_LIMITATION = 0x0213
MEMORY_ALLOCATION_NOT_SUPPORTED = 0xB600
COLLATION_NOT_SUPPORTED = 0xB601
SESSION_EMPTY = 0xB602
FILM_EMPTY = 0xB603
DEMAGNIFIED = 0xB604
DENSITY_OUT_OF_RANGE = 0xB605
CROPPED = 0xB609
DECIMATED = 0xB60A
NO_FILM_BOX = 0xC600
SESSION_QUEUE_FULL = 0xC601
FILM_QUEUE_FULL = 0xC602
IMAGE_TOO_LARGE = 0xC603
INSUFFICIENT_MEMORY = 0xC605
COMBINED_IMAGE_TOO_LARGE = 0xC613
UNPRINTED_FILM_BOX = 0xC616

GENERAL: Mapping[int, str] = MappingProxyType(
    {
        SUCCESS: "success",
        OPTIONAL_ATTRIBUTES_UNSUPPORTED: "requested optional attributes are not supported",
        NO_SUCH_ATTRIBUTE: "no such attribute",
        INVALID_ATTRIBUTE_VALUE: "invalid attribute value",
        ATTRIBUTE_LIST_ERROR: "attribute list error",
        PROCESSING_FAILURE: "processing failure",
        DUPLICATE_SOP_INSTANCE: "duplicate SOP instance",
        NO_SUCH_SOP_INSTANCE: "no such SOP instance",
        NO_SUCH_EVENT_TYPE: "no such event type",
        NO_SUCH_ARGUMENT: "no such argument",
        INVALID_ARGUMENT_VALUE: "invalid argument value",
        ATTRIBUTE_VALUE_OUT_OF_RANGE: "attribute value out of range",
        INVALID_SOP_INSTANCE: "invalid SOP instance",
        NO_SUCH_SOP_CLASS: "no such SOP class",
        CLASS_INSTANCE_CONFLICT: "class-instance conflict",
        MISSING_ATTRIBUTE: "missing attribute",
        MISSING_ATTRIBUTE_VALUE: "missing attribute value",
        SOP_CLASS_NOT_SUPPORTED: "SOP class not supported",
        NO_SUCH_ACTION: "no such action",
        NOT_AUTHORISED: "not authorised",
        DUPLICATE_INVOCATION: "duplicate invocation",
        UNRECOGNISED_OPERATION: "unrecognised operation",
        MISTYPED_ARGUMENT: "mistyped argument",
        RESOURCE_LIMITATION: "resource limitation",
    }
)
"""What every DIMSE-N service may answer (PS3.7 C); 0001 is the warning of PS3.4 for attributes that are optional."""

PRINT: Mapping[int, str] = MappingProxyType(
    {
        MEMORY_ALLOCATION_NOT_SUPPORTED: "memory allocation not supported",
        COLLATION_NOT_SUPPORTED: "film session printing is not supported",
        SESSION_EMPTY: "film session without an image (empty page)",
        FILM_EMPTY: "film box without an image (empty page)",
        DEMAGNIFIED: "image larger than its box, demagnified",
        DENSITY_OUT_OF_RANGE: "density outside the operating range",
        CROPPED: "image larger than its box, cropped",
        DECIMATED: "image larger than its box, decimated",
        NO_FILM_BOX: "film session without a film box",
        SESSION_QUEUE_FULL: "print queue full (film session)",
        FILM_QUEUE_FULL: "print queue full (film box)",
        IMAGE_TOO_LARGE: "image larger than its box",
        INSUFFICIENT_MEMORY: "insufficient memory to store the image",
        COMBINED_IMAGE_TOO_LARGE: "combined image larger than its box",
        UNPRINTED_FILM_BOX: "an unprinted film box exists",
    }
)
"""The statuses of PS3.4 H.4; C604 and C606 are retired and never returned."""

# pynetdicom leaves the attribute list out of a response whose status it does not know
PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS.setdefault(
    OPTIONAL_ATTRIBUTES_UNSUPPORTED, (STATUS_WARNING, "Requested optional attributes are not supported")
)


class RefusedError(Exception):
    """The request is refused.

    Parameters
    ----------
    status : int
        The status of the response.
    comment : str
        Its Error Comment (PS3.7 C).
    tags : int
        The offending attributes; they go into the Attribute Identifier List where the response has one.
    """

    def __init__(self, status: int, comment: str, *tags: int) -> None:
        super().__init__(status, comment, *tags)
        self.status = status
        self.comment = comment
        self.tags = tags
