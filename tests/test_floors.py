"""The house stands on floors, and a floor imports only floors below it (docs/design.md, "The house")."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE_ROOT = Path(__file__).parents[1] / "simulators"
HOUSE = "linacsim"

FLOORS = {
    "errors": 0,
    "settings": 0,
    "toml_file": 0,
    "yaml_file": 0,
    "kernel": 0,
    "conformance": 1,
    "physics": 1,
    "objects": 2,
    "faults": 2,
    "devices": 3,
    "scenario": 4,
    "report": 5,
    "bench": 6,
    "negotiate": 6,
    "playing": 6,
    "accept": 6,
    "explore": 6,
    "cli": 6,
    "console": 6,
    "pytest_plugin": 6,
    "__init__": 6,
    "__main__": 6,
}
"""The floor of every room, that is of every module or package directly under linacsim."""

CELLAR = ("errors", "kernel.units", "settings", "toml_file", "yaml_file", "kernel")
"""The order on floor 0. A module that is no room of its own (``kernel.units``) is one for these steps only."""

DOORS = {
    "__init__": {"bench"},
    "__main__": {"cli"},
    "accept": {"__init__", "playing"},
    "cli": {"__init__", "accept", "bench", "console", "explore", "negotiate", "playing"},
    "console": {"__init__", "bench", "negotiate"},
    "explore": {"__init__", "bench", "playing"},
    "negotiate": {"bench"},
    "playing": {"__init__", "bench"},
    "pytest_plugin": {"__init__", "bench"},
}
"""Which rooms of the top floor may import which others there."""

FORBIDDEN = {
    "kernel": (
        {"pydicom." + name for name in ("dataset", "dataelem", "sequence", "filereader", "filewriter", "pixels", "sr")}
        | {"pydicom." + name for name in ("Dataset", "FileDataset", "Sequence", "DataElement", "dcmread", "dcmwrite")},
        "the kernel moves bytes and messages; build data sets in objects/ or devices/",
    ),
    "physics": (
        {"pydicom", "pynetdicom", "simpy"},
        "physics is arrays in, arrays out; DICOM goes into objects/, time into devices/",
    ),
    "devices": (
        {"socket", "ssl", "select", "selectors", "asyncio", "threading", "time"},
        "a device does not know its clock or network; use the kernel's processes, tasks and links",
    ),
}
"""What a room must not import from outside the house, and what to do instead."""

BORDER = "kernel.border"
"""The one place that may touch pynetdicom's private names: the module, ``kernel.border_*`` or the package."""


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed file: its dotted name below linacsim (``kernel.log``), its path for messages, its tree."""

    name: str
    path: str
    tree: ast.Module
    is_package: bool = False

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_border(self) -> bool:
        return self.name.startswith(BORDER)


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file imports: ``from a.b import c as d`` imports ``a.b.c`` and binds ``d``."""

    line: int
    target: str
    bound: str


def parse(source: str, name: str, *, is_package: bool = False) -> Module:
    """Return the module `name` (without ``linacsim.``) with the text `source`."""
    path = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
    return Module(name, f"{SOURCE_ROOT.name}/{HOUSE}/{path}", ast.parse(source), is_package)


def modules() -> Iterator[Module]:
    """Yield every module of the house."""
    for file in sorted((SOURCE_ROOT / HOUSE).rglob("*.py")):
        parts = file.relative_to(SOURCE_ROOT / HOUSE).with_suffix("").parts
        is_package = parts[-1] == "__init__" and len(parts) > 1
        yield parse(file.read_text("utf-8"), ".".join(parts[:-1] if is_package else parts), is_package=is_package)


def imports(module: Module) -> Iterator[Import]:
    """Yield what `module` imports, wherever it stands: also in functions and under ``TYPE_CHECKING``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, f"{base_of(module, node)}.{alias.name}", alias.asname or alias.name)


def base_of(module: Module, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that `node` imports from."""
    if not node.level:
        return node.module or ""
    here = [HOUSE] if module.name == "__init__" else [HOUSE, *module.name.split(".")]
    up = node.level - (module.is_package or module.name == "__init__")
    return ".".join([*here[: len(here) - up], *([node.module] if node.module else [])])


def room_of(target: str) -> str:
    """Return the room that ``linacsim.<...>`` is in; a name that is no room belongs to the front door, ``__init__``."""
    first = target.removeprefix(HOUSE).lstrip(".").partition(".")[0]
    return first if first in FLOORS or first in CELLAR else "__init__"


def is_in(target: str, place: str) -> bool:
    """Tell whether the dotted name `target` is `place` or inside it."""
    return target == place or target.startswith(place + ".")


def step_of(name: str) -> int | None:
    """Return the step of `name` on floor 0, or None if it lives higher up."""
    steps = [step for step, place in enumerate(CELLAR) if is_in(name, place)]
    return min(steps, default=None)


def violations(module: Module) -> list[str]:
    """Return what `module` does against the floors, one line each."""
    if module.room not in FLOORS and module.room not in CELLAR:
        return [
            f"{module.path}:1: {module.room!r} is on no floor; give it one in tests/test_floors.py and docs/design.md"
        ]
    found = [wrong for one in imports(module) for wrong in judge(module, one)]
    return sorted({f"{module.path}:{line}: {text}" for line, text in [*found, *touched(module)]})


def judge(module: Module, one: Import) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with one import."""
    if is_in(one.target, HOUSE):
        if not may_import(module, one.target):
            yield one.line, climb(module.room, room_of(one.target))
        return
    forbidden, todo = FORBIDDEN.get(module.room, (set(), ""))
    if any(is_in(one.target, name) for name in forbidden):
        yield one.line, f"{module.room} must not import {one.target}: {todo}"
    if is_in(one.target, "pynetdicom") and has_private_part(one.target) and not module.is_border:
        yield one.line, f"only kernel/border may import {one.target}, a private name: go through the border"


def may_import(module: Module, target: str) -> bool:
    """Tell whether `module` may import `target`, a name of the house."""
    mine, other = module.room, room_of(target)
    if mine == other:
        return True
    if (step := step_of(target.removeprefix(HOUSE + "."))) is not None:
        here = step_of(module.name)
        return here is None or step <= here
    return step_of(module.name) is None and (FLOORS[other] < FLOORS[mine] or other in DOORS.get(mine, ()))


def climb(mine: str, other: str) -> str:
    """Say which rule an import from `mine` to `other` breaks and what to do."""
    here, there = FLOORS.get(mine, 0), FLOORS.get(other, 0)
    rule = "is on the same floor" if here == there else "is above"
    return (
        f"{mine} (floor {here}) must not import {other} (floor {there}), which {rule}: "
        f"move what both need below floor {min(here, there)}, or hand it in as an argument"
    )


def has_private_part(target: str) -> bool:
    """Tell whether a part of the dotted name is private; dunder names are not."""
    return any(part.startswith("_") and not part.startswith("__") for part in target.split("."))


def touched(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the places where pynetdicom is changed, or its private names used, outside the border."""
    if module.is_border:
        return
    foreign = {one.bound for one in imports(module) if is_in(one.target, "pynetdicom")}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and root_of(node) in foreign:
            text = ast.unparse(node)
            if not isinstance(node.ctx, ast.Load):
                yield node.lineno, f"only kernel/border may change {text} of pynetdicom: put the change there"
            elif has_private_part(text):
                yield node.lineno, f"only kernel/border may use {text} of pynetdicom: go through the border"
        elif isinstance(node, ast.Call) and is_setattr(node) and root_of(node.args[0]) in foreign:
            yield node.lineno, f"only kernel/border may change {ast.unparse(node.args[0])}: put the change there"


def root_of(node: ast.expr) -> str | None:
    """Return the name that a chain of attributes starts at: ``dul`` of ``dul.time.sleep``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def is_setattr(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr") and bool(node.args)


def test_every_module_imports_only_what_is_below_it() -> None:
    found = [wrong for module in modules() for wrong in violations(module)]
    assert not found, "\n" + "\n".join(found)


def test_the_checker_sees_the_house() -> None:
    assert {"errors", "kernel", "kernel.log", "__init__"} <= {module.name for module in modules()}


REFUSED = [
    ("kernel.log", "import linacsim.devices.printer", "must not import devices (floor 3), which is above"),
    ("kernel.log", "from linacsim.devices import printer", "must not import devices"),
    ("kernel.log", "from linacsim import devices", "must not import devices"),
    ("kernel.log", "from ..devices.printer import hardware", "must not import devices"),
    ("kernel.log", "from .. import devices", "must not import devices"),
    ("kernel.log", "def f():\n    import linacsim.bench", ":2: kernel (floor 0) must not import bench (floor 6)"),
    ("kernel.log", "if TYPE_CHECKING:\n    from linacsim.bench import Bench", ":2: kernel (floor 0)"),
    ("kernel.log", "from linacsim import Bench", "must not import __init__ (floor 6)"),
    ("kernel.log", "import linacsim", "must not import __init__ (floor 6)"),
    ("errors", "from linacsim.kernel.log import Record", "same floor"),
    ("errors", "from .kernel import log", "same floor"),
    ("settings", "from linacsim.kernel.log import Record", "same floor"),
    ("kernel.units", "from linacsim.settings import build", "same floor"),
    ("objects.ct", "from linacsim.faults import Fault", "same floor"),
    ("conformance.model", "from linacsim.physics import beams", "same floor"),
    ("bench", "from linacsim.cli import main", "same floor"),
    ("report.html", "from linacsim.console import app", "must not import console (floor 6), which is above"),
    ("attic.box", "", "on no floor"),
    ("physics.beams", "import pydicom", "physics must not import pydicom: physics is arrays in"),
    ("physics.beams", "from simpy.events import Event", "physics must not import simpy.events.Event"),
    ("devices.printer.services", "import asyncio.streams", "devices must not import asyncio.streams"),
    ("devices.printer.services", "from time import sleep", "devices must not import time.sleep"),
    ("kernel.log", "from pydicom import Dataset", "kernel must not import pydicom.Dataset"),
    ("kernel.log", "from pydicom.dataset import Dataset", "kernel must not import pydicom.dataset.Dataset"),
    ("devices.archive.services", "from pynetdicom import _config", "only kernel/border may import pynetdicom._config"),
    ("devices.archive.services", "from pynetdicom.dul import _x", "only kernel/border may import"),
    ("devices.archive.services", "import pynetdicom._config", "only kernel/border may import"),
    ("kernel.core", "from pynetdicom import dul\ndul.time = object()", ":2: only kernel/border may change dul.time"),
    ("kernel.core", "import pynetdicom.dul as d\nd.Q.x += 1", "only kernel/border may change d.Q.x"),
    ("kernel.core", "from pynetdicom import AE\nsetattr(AE, 'x', 1)", "only kernel/border may change AE"),
    ("kernel.core", "from pynetdicom import AE\ndel AE.x", "only kernel/border may change AE.x"),
    ("kernel.core", "from pynetdicom import evt\nevt._TABLE.clear()", "only kernel/border may use evt._TABLE"),
]


@pytest.mark.parametrize(("name", "source", "text"), REFUSED)
def test_the_checker_catches(name: str, source: str, text: str) -> None:
    assert text in "\n".join(violations(parse(source, name)))


ALLOWED = [
    ("kernel.log", "from linacsim.errors import InputError\nfrom linacsim.settings import build"),
    ("kernel.log", "from . import units\nfrom .units import seconds\nfrom ..errors import InputError"),
    ("settings", "from linacsim.errors import InputError\nfrom linacsim.kernel.units import parse_duration"),
    ("physics.beams", "from linacsim.kernel.units import seconds\nimport numpy"),
    ("devices.printer.services", "from linacsim.devices.printer import hardware\nimport pydicom, simpy"),
    ("devices.printer.services", "from pynetdicom import AE\nae = AE()\nae.acse_timeout = 30\nAE.__name__"),
    ("faults.chain", "from linacsim.conformance import checker"),
    ("kernel.border.clock", "from pynetdicom import _config, dul\ndul.time = object()"),
    ("kernel.border_clock", "from pynetdicom import dul\ndul.time = object()"),
    ("cli.play", "from linacsim.bench import Bench\nfrom linacsim import __version__"),
    ("__main__", "from linacsim.cli import main"),
    ("__init__", "from .bench import Bench"),
]


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_the_checker_lets_pass(name: str, source: str) -> None:
    assert violations(parse(source, name)) == []


def test_a_relative_import_in_a_package_counts_from_the_package_itself() -> None:
    assert violations(parse("from .log import Record", "kernel", is_package=True)) == []
    assert "must not import devices" in violations(parse("from ..devices import x", "kernel", is_package=True))[0]
