"""linacsim: a bench of simulated DICOM peers whose hardware runs as discrete-event processes.

The house, from the ground up; a floor imports only floors below it::

    0  errors, settings, toml_file, yaml_file, kernel    two clocks, tasks, byte streams, pynetdicom on bench time, the event log
    1  conformance, physics        vendors' documents as tables; arrays in, arrays out
    2  objects, faults             DICOM instances; what can go wrong on the way
    3  devices                     storage, verification, printer, planning: hardware, services, personality
    4  scenario                    the typed scenario, its YAML form, the runner, verdicts
    5  report                      one event log in: timeline, capture, run folder, differences
    6  bench, cli                  the public face
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linacsim.bench import Bench as Bench
    from linacsim.errors import Deadlock as Deadlock
    from linacsim.errors import HorizonReached as HorizonReached
    from linacsim.errors import InputError as InputError
    from linacsim.errors import LinacsimError as LinacsimError
    from linacsim.errors import Livelock as Livelock
    from linacsim.errors import PlayFailure as PlayFailure
    from linacsim.faults import Occurrence as Occurrence
    from linacsim.faults import When as When
    from linacsim.faults import fault as fault
    from linacsim.kernel.places import Tls as Tls

# The pytest plugin lies in this package, and pytest imports it in every session of whoever has linacsim installed; so
# nothing that takes time is imported before it is asked for.
_HOMES = {
    "Bench": "linacsim.bench",
    **dict.fromkeys(
        ("Deadlock", "HorizonReached", "InputError", "LinacsimError", "Livelock", "PlayFailure"), "linacsim.errors"
    ),
    **dict.fromkeys(("Occurrence", "When", "fault"), "linacsim.faults"),
    "Tls": "linacsim.kernel.places",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


try:
    __version__ = version("linacsim")
except PackageNotFoundError:  # run from a source tree that nobody has installed
    __version__ = "0+source"

__all__ = [
    "Bench",
    "Deadlock",
    "HorizonReached",
    "InputError",
    "LinacsimError",
    "Livelock",
    "Occurrence",
    "PlayFailure",
    "Tls",
    "When",
    "__version__",
    "fault",
]
