"""Runs in the environment of dicom-validator: what it finds in files, as JSON on the last line of its output.

dicom-validator reads the standard's DocBook from the network. Here its tables are made of those that the package
dicom-standard brings (edition 2020b), with dicom-validator's own parser of conditions; the network is not asked.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from dicom_validator.spec_reader.condition import ConditionType  # type: ignore[import-not-found]
from dicom_validator.spec_reader.condition_parser import ConditionParser  # type: ignore[import-not-found]
from dicom_validator.spec_reader.enum_parser import EnumParser  # type: ignore[import-not-found]
from dicom_validator.spec_reader.serializer import DefinitionEncoder  # type: ignore[import-not-found]
from dicom_validator.validator.dicom_file_validator import DicomFileValidator  # type: ignore[import-not-found]
from dicom_validator.validator.dicom_info import DicomInfo  # type: ignore[import-not-found]
from dicom_validator.validator.error_handler import ValidationResultHandler  # type: ignore[import-not-found]
from dicom_validator.validator.validation_result import DicomTag, TagError, ValidationResult  # type: ignore[import-not-found]
from lxml import html  # type: ignore[import-untyped]
from pydicom.datadict import keyword_for_tag

STANDARD = Path(sys.prefix) / "standard"
IODS = ("ct-image", "rt-image", "rt-structure-set", "spatial-registration")
INTEGERS = ("US", "SS", "UL", "SL", "IS", "UV", "SV")


def table(name: str) -> Any:
    return json.loads((STANDARD / f"{name}.json").read_text("utf-8"))


def dictionary() -> dict[str, dict[str, str]]:
    return {
        row["tag"]: {
            "name": row["name"], "vr": row["valueRepresentation"], "vm": row["valueMultiplicity"],
            "prop": "RET" if row["retired"] == "Y" else "",
        }
        for row in table("attributes")
    }  # fmt: skip


def tables() -> DicomInfo:
    """Return the tables as dicom-validator wants them."""
    words = dictionary()
    parser = ConditionParser(words)
    names = {row["id"]: row["name"] for row in table("modules")}
    titles = {row["id"]: row["name"] for row in table("ciods")}
    classes = {row["ciod"]: row["id"] for row in table("sops")}
    iods: dict[str, dict[str, Any]] = {}
    for iod in IODS:
        used = [row for row in table("ciod_to_modules") if row["ciodId"] == iod]
        modules = {names[row["moduleId"]]: usage(row, parser) for row in used}
        iods[classes[titles[iod]]] = {"title": titles[iod], "modules": modules, "group_macros": {}}
    wanted = {module["ref"] for one in iods.values() for module in one["modules"].values()}
    info = {"iods": iods, "modules": attributes(wanted, words, parser)}
    plain = json.loads(json.dumps(info, cls=DefinitionEncoder))  # conditions as dicom-validator keeps them in its cache
    count_from_one(plain)
    return DicomInfo(words, plain["iods"], plain["modules"])


def count_from_one(rules: Any) -> None:
    """Correct conditions on a later value: the parser of 0.9.0 counts values from 0, the validator from 1."""
    if isinstance(rules, list):
        for rule in rules:
            count_from_one(rule)
    elif isinstance(rules, dict):
        if "op" in rules and rules.get("index", 0) > 0:
            rules["index"] += 1
        for rule in rules.values():
            count_from_one(rule)


def usage(row: dict[str, str], parser: ConditionParser) -> dict[str, Any]:
    said = row["conditionalStatement"]
    module: dict[str, Any] = {"ref": row["moduleId"], "use": f"{row['usage']} - {said}" if said else row["usage"]}
    if said:
        module["cond"] = parser.parse(said)
    return module


def attributes(wanted: set[str], words: dict[str, dict[str, str]], parser: ConditionParser) -> dict[str, Any]:
    """Return the attributes of modules, those of items under ``items``."""
    modules: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in table("module_to_attributes"):
        if row["moduleId"] not in wanted or "xx" in row["tag"].lower():  # no repeating groups: it looks up plain tags
            continue
        place = modules[row["moduleId"]]
        for step in row["path"].split(":")[1:-1]:
            place = place[f"({step[:4]},{step[4:]})".upper()].setdefault("items", {})
        place[row["tag"].upper()] = attribute(row, words, parser)
    return {name: modules[name] for name in wanted}


def attribute(row: dict[str, str], words: dict[str, dict[str, str]], parser: ConditionParser) -> dict[str, Any]:
    cell = html.fromstring(row["description"] or "<td/>")
    known = words.get(row["tag"].upper(), {})
    kind = row["type"] if row["type"] in ("1", "1C", "2", "2C", "3") else "3"
    found: dict[str, Any] = {"name": known.get("name", row["tag"]), "type": kind}
    if kind in ("1C", "2C", "3"):
        condition = parser.parse(" ".join(cell.text_content().split()))
        if condition.type != ConditionType.UserDefined:
            found["cond"] = condition
    if listed := enumerated(cell, known.get("vr", "")):
        found["enums"] = listed
    return found


def enumerated(cell: Any, vr: str) -> list[dict[str, Any]]:
    """Return the enumerated values of an attribute that hold for all its uses."""
    found = []
    for title in cell.iter("strong"):
        text = " ".join(title.text_content().split())
        place = EnumParser.enum_with_value_regex.match(text)
        lists = title.xpath("following::dl[1]")
        if not lists or not (place or text == "Enumerated Values:"):
            continue
        terms = [" ".join(term.text_content().split()) for term in lists[0].iter("dt")]
        values: list[Any] = [number(one) for one in terms] if vr in INTEGERS else terms
        found.append({"val": values, **({"index": int(place[1] or place[2])} if place else {})})
    return found


def number(term: str) -> int:
    digits = term.split(maxsplit=1)[0]
    return int(digits[:-1], 16) if digits.endswith("H") else int(digits)


class Silent(ValidationResultHandler):  # type: ignore[misc]
    def handle_validation_start(self, result: ValidationResult) -> None:
        pass

    def handle_validation_result(self, result: ValidationResult) -> None:
        pass


def spelled(module: str, tag: DicomTag, error: TagError) -> str:
    steps = [keyword_for_tag(one) or str(one) for one in [*(tag.parents or []), tag.tag]]
    value = (error.context or {}).get("value")
    return f"{module}: {'.'.join(steps)}: {error.code.name}" + (f" {value!r}" if value is not None else "")


def main() -> None:
    validator = DicomFileValidator(tables(), log_level=logging.ERROR, error_handler=Silent())
    told = {}
    for path in sorted(Path(sys.argv[1]).iterdir()):
        (result,) = validator.validate(path).values()
        errors = [
            spelled(module, tag, error) for module, some in result.module_errors.items() for tag, error in some.items()
        ]
        told[path.name] = {"status": result.status.name, "errors": sorted(errors)}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
