"""How the attributes of a request are taken: held against the rows of their SOP class, one by one (PS3.4 H.4, PS3.7 10.1).

What cannot be meant refuses the request. An unsupported value of an optional attribute is replaced by the printer's own,
with a warning and the attribute list as it was taken. Where several warnings are due, the first is told; 0107 only if
there is no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from linacsim.devices.printer.elements import Known, elements
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.rules import DENSITIES, Rule, Rules
from linacsim.devices.printer.statuses import (
    ATTRIBUTE_LIST_ERROR,
    ATTRIBUTE_VALUE_OUT_OF_RANGE,
    DENSITY_OUT_OF_RANGE,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    NO_SUCH_ATTRIBUTE,
    SUCCESS,
    RefusedError,
)

_LENGTH_MAX = 40
_UNUSED = Dataset()


@dataclass(slots=True)
class Taken:
    """What has been taken, and what has to be said about it.

    Attributes
    ----------
    attributes : Dataset
        The attributes as they were taken.
    status : int
        Success, or the warning that is due.
    comment : str
        Its Error Comment.
    tags : list of int
        The attributes that were replaced or left out.
    given : list of int
        All attributes that the request names and that were taken.
    elements : list of DataElement
        The attributes one by one, while they are taken.
    """

    attributes: Dataset = field(default_factory=Dataset)
    status: int = SUCCESS
    comment: str = ""
    tags: list[int] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    elements: list[DataElement] = field(default_factory=list)

    def warn(self, status: int, comment: str, tag: int = 0) -> None:
        """Remember a warning; an attribute list error gives way to any other."""
        if self.status in (SUCCESS, ATTRIBUTE_LIST_ERROR) and (self.status == SUCCESS or status != self.status):
            self.status, self.comment = status, comment
        if tag:
            self.tags.append(tag)

    def add(self, other: Taken) -> None:
        """Take what has been taken elsewhere."""
        for element in other.elements:
            self.attributes[element.tag] = element
        if other.status != SUCCESS:
            self.warn(other.status, other.comment)
        self.tags += other.tags
        self.given += other.given


def take(given: Dataset, rules: Rules, printer: PrinterPersonality, *, setting: bool = False) -> Taken:
    """Hold the attributes `given` against `rules` and return them as they are taken.

    Parameters
    ----------
    setting : bool
        Whether this is an N-SET: nothing is required, what is fixed cannot be set, and no defaults are filled in.

    Raises
    ------
    RefusedError
        0105, 0106, 0120 or 0121.
    """
    taken = Taken()
    for element in elements(given):
        remarks = element.remarks if isinstance(element, Known) else {}
        known = remarks.get((id(rules), setting))
        if known is None or known[0] is not printer:
            known = printer, _taken_alone(element, rules, printer, setting=setting)
            remarks[id(rules), setting] = known
        taken.add(known[1])
    if not setting:
        _complete(rules, printer, taken)
    return taken


def _taken_alone(element: DataElement, rules: Rules, printer: PrinterPersonality, *, setting: bool) -> Taken:
    """Take one element: what becomes of it does not hang on the others."""
    taken, rule = Taken(attributes=_UNUSED), rules.get(element.keyword)
    if rule is None:
        _unknown(element, printer, taken)
    elif not rule.supported(printer):
        taken.warn(ATTRIBUTE_LIST_ERROR, f"{element.keyword} is not supported", element.tag)
    else:
        _take_one(element, rule, printer, taken, setting=setting)
    return taken


def _unknown(element: DataElement, printer: PrinterPersonality, taken: Taken) -> None:
    name = element.keyword or str(element.tag)
    if printer.unknown_attributes == "refuse":
        raise RefusedError(NO_SUCH_ATTRIBUTE, f"{name}: no such attribute here", element.tag)
    if printer.unknown_attributes == "warn":
        taken.warn(ATTRIBUTE_LIST_ERROR, f"{name}: no such attribute here", element.tag)


def _take_one(element: DataElement, rule: Rule, printer: PrinterPersonality, taken: Taken, *, setting: bool) -> None:
    keyword, tag = element.keyword, int(element.tag)
    if setting and rule.fixed:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} is fixed once the film box exists", tag)
    wanted = dictionary_VR(tag)
    if wanted != element.VR and element.VR not in wanted.split(" or "):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} has VR {element.VR}, not {wanted}", tag)
    taken.given.append(tag)
    if _is_empty(element):
        if rule.required:
            raise RefusedError(MISSING_ATTRIBUTE_VALUE, f"{keyword} has no value", tag)
        if setting:
            taken.elements.append(DataElement(tag, wanted, rule.default(printer) if rule.default else None))
        return
    value = element.value if rule.sequence else _value(element, rule, printer, taken)
    taken.elements.append(element if value is element.value else DataElement(tag, element.VR, value))


def _value(element: DataElement, rule: Rule, printer: PrinterPersonality, taken: Taken) -> Any:
    """Return the value to take: the one given, or the printer's own."""
    value, keyword, tag = element.value, element.keyword, int(element.tag)
    if keyword in DENSITIES:
        low, high = printer.min_density, printer.max_density
        nearest = min(max(_number(value, keyword, tag), low), high)
        if nearest != value:
            taken.warn(DENSITY_OUT_OF_RANGE, f"{keyword} {value} is not between {low} and {high}", tag)
        return nearest
    if rule.least is not None and rule.most is not None:
        nearest = min(max(_number(value, keyword, tag), rule.least(printer)), rule.most(printer))
        return value if nearest == value else _replace(element, nearest, printer, taken)
    if keyword == "ConfigurationInformation":
        return _configuration(element, printer, taken)
    if rule.terms is not None:
        return _term(element, rule, printer, taken)
    if isinstance(value, MultiValue) and keyword != "ImageDisplayFormat" and not rule.several:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} has {len(value)} values", tag)
    return value


def _term(element: DataElement, rule: Rule, printer: PrinterPersonality, taken: Taken) -> Any:
    terms = rule.terms(printer) if rule.terms is not None else ()
    value = element.value
    if isinstance(value, MultiValue):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{element.keyword} has {len(value)} values", int(element.tag))
    text = str(value)
    if text in terms or (rule.any_number(printer) and text.isascii() and text.isdecimal()):
        return value
    return _replace(element, terms[0], printer, taken)


def _configuration(element: DataElement, printer: PrinterPersonality, taken: Taken) -> Any:
    """Configuration Information is text of the vendor's, in several parts perhaps (PS3.3 C.13.3)."""
    parts = str(element.value).split("\\")
    if not printer.configurations or all(part in printer.configurations for part in parts):
        return element.value
    known = [part for part in parts if part in printer.configurations]
    return _replace(element, "\\".join(known), printer, taken)


def _replace(element: DataElement, value: Any, printer: PrinterPersonality, taken: Taken) -> Any:
    """Take `value` in place of the element's own, if this printer does such a thing."""
    told = f"{element.keyword} {str(element.value)[:_LENGTH_MAX]} is not supported"
    if not printer.coerce:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, int(element.tag))
    taken.warn(ATTRIBUTE_VALUE_OUT_OF_RANGE, told, int(element.tag))
    return value


def _number(value: Any, keyword: str, tag: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} is no number", tag) from None


def _complete(rules: Rules, printer: PrinterPersonality, taken: Taken) -> None:
    """Refuse a request without a required attribute; fill in defaults."""
    for tag, keyword, default in _absent(rules, printer):
        if tag in taken.attributes:
            continue
        if default is None:
            raise RefusedError(MISSING_ATTRIBUTE, f"{keyword} is missing")
        taken.attributes[tag] = default


def _absent(rules: Rules, printer: PrinterPersonality) -> list[tuple[BaseTag, str, Known | None]]:
    """Return, of what matters if it is missing, tag, keyword and default; ``None`` for what is required."""
    known = _defaults.get(id(rules))
    if known is not None and known[0] is printer:
        return known[1]
    found: list[tuple[BaseTag, str, Known | None]] = []
    for keyword, rule in rules.items():
        tag = Tag(keyword)
        value = rule.default(printer) if rule.default is not None and not rule.required else None
        if rule.required or value is not None:
            default = None if rule.required else Known(tag, dictionary_VR(tag), value)
            found.append((tag, keyword, default))
    _defaults[id(rules)] = printer, found
    return found


_defaults: dict[int, tuple[PrinterPersonality, list[tuple[BaseTag, str, Known | None]]]] = {}


def _is_empty(element: DataElement) -> bool:
    value = element.value
    return value is None or (hasattr(value, "__len__") and len(value) == 0)
