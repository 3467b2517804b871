"""Virtual time: what a 300 s timeout and a thousand associations cost in wall time, and what they leave behind."""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pynetdicom import AE

from linacsim import Bench
from linacsim.devices.verification.personality import VerificationPersonality
from linacsim.kernel.units import SECOND, seconds
from linacsim.scenario.library import find_scenario
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.vocabulary import vocabulary

SCENARIO = "print/printer-falls-silent"
VERIFICATION = "1.2.840.10008.1.1"


def process_seconds() -> float:
    """Return the wall time of the whole command, with objects, capture and report."""
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        command = [sys.executable, "-m", "linacsim", "play", "--quiet", "--out", out, SCENARIO]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken = time.perf_counter() - started
        if not list(Path(out).rglob("traffic.pcap")):
            raise SystemExit("the run left no capture")
    return taken


def kernel_seconds() -> tuple[float, float]:
    """Return wall time and bench time of the scenario inside the kernel."""
    scenario = load_scenario(find_scenario(SCENARIO), vocabulary())
    bench = Bench(seed=1)
    started = time.perf_counter()
    with bench:
        outcome = play(bench, scenario)
    taken = time.perf_counter() - started
    if outcome.verdict != "pass":
        raise SystemExit(f"{SCENARIO}: {outcome.verdict}")
    return taken, bench.log.records[-1]["t"] / SECOND


def many(count: int) -> tuple[float, float, list[str]]:
    """Play `count` concurrent associations with three C-ECHOs each; return wall time, bench time, what is left."""
    threads, files = threading.active_count(), _open_files()
    started = time.perf_counter()
    with Bench(seed=1) as bench:
        settings = VerificationPersonality(maximum_associations=count, network_timeout=seconds(60))
        bench.add("verification", "SCP", settings=settings)
        host, port = bench.address_of("SCP")

        def echo() -> bool:
            ae = AE("SCU")
            ae.add_requested_context(VERIFICATION)
            assoc = ae.associate(host, port, ae_title="SCP")
            if not assoc.is_established:
                return False
            answers = []
            for _ in range(3):
                answers.append(assoc.send_c_echo().get("Status"))
                time.sleep(10)
            assoc.release()
            return answers == [0, 0, 0] and assoc.is_released

        def all_of_them() -> int:
            kernel = bench.kernel
            tasks = [kernel.spawn(echo, name=f"client {ordinal}") for ordinal in range(count)]
            for task in tasks:
                kernel.join(task)
            return sum(bool(task.done.value) for task in tasks)

        served = bench.run(all_of_them)
        bench.settle()
        taken, bench_time = time.perf_counter() - started, bench.now / SECOND
        left = [line for line in bench.kernel.waiting() if "AcceptorServer" not in line]
    gc.collect()
    if served != count:
        left.append(f"only {served} of {count} associations were served")
    if threading.active_count() != threads:
        left.append(f"{threading.active_count() - threads} threads")
    if _open_files() != files:
        left.append(f"{_open_files() - files} open files or sockets")
    return taken, bench_time, left


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def main() -> None:
    """Measure, print, and fail if a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--associations", type=int, default=1000)
    options = parser.parse_args()
    whole = statistics.median(process_seconds() for _ in range(options.rounds))
    inside = [kernel_seconds() for _ in range(options.rounds)]
    kernel, bench_time = statistics.median(each[0] for each in inside), inside[0][1]
    taken, spent, left = many(options.associations)
    print(f"{SCENARIO}: {bench_time:.0f} s of bench time, medians of {options.rounds}")
    print(f"  whole process {whole:.2f} s of wall time, {bench_time / whole:.0f} x faster than the wall (limit 2 s)")
    print(f"  inside the kernel {kernel * 1000:.0f} ms, {bench_time / kernel:.0f} x faster (limit 100 ms)")
    print(f"{options.associations} associations with three C-ECHOs each: {spent:.0f} s of bench time in {taken:.1f} s")
    print(f"  left behind: {'; '.join(left) or 'no task, no socket, no thread'}")
    failed = [text for text, bad in (("process", whole > 2), ("kernel", kernel > 0.1), ("left", left)) if bad]
    if failed:
        raise SystemExit(f"not met: {', '.join(failed)}")


if __name__ == "__main__":
    main()
