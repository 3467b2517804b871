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

from importlib.metadata import PackageNotFoundError, version

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
