"""An archive beside others: storing, querying and retrieving, with the same client of fixed bytes in the same run.

Ours (``linacsim serve archive --store``), Orthanc, DCMTK's dcmqrscp and, for storing, its storescp; each in turn, round by
round, on a RAM disk, with TCP_NODELAY on both sides. Figures are medians; what counts are their ratios.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ci.bench import filler, peers
from ci.bench.rawclient import CT, EXPLICIT, FIND, GET, IMPLICIT, MOVE, Association, Instance, Receiver, key

STUDY_UID, SERIES_UID, SOP_UID, PATIENT_ID, LEVEL = 0x0020000D, 0x0020000E, 0x00080018, 0x00100020, 0x00080052
QUERIES = 50
_HOLDS = {"dcmqrscp": 4_000}
"""It refuses what comes after some 9,000 instances (its index ends at 32 MiB), and storing takes longer with each."""
_BESIDE = "at 10000 (dcmqrscp: 4000)"
Figures = dict[str, dict[str, list[float]]]


class Table:
    """Figures by what is measured and who."""

    def __init__(self) -> None:
        self.figures: Figures = {}

    def add(self, what: str, who: str, figure: float) -> None:
        """Note a figure of one round."""
        self.figures.setdefault(what, {}).setdefault(who, []).append(figure)
        print(f"  {what:44} {who:24} {figure:10.2f}", flush=True)

    def show(self) -> None:
        """Print medians and how ours compare; above 1 ours is better."""
        for what, by_peer in self.figures.items():
            ours = statistics.median(by_peer.get(peers.OURS, [0.0]))
            print(what)
            for who, figures in by_peer.items():
                median = statistics.median(figures)
                ratio = (
                    ""
                    if who == peers.OURS or not median or not ours
                    else f"linacsim: {_ratio(what, ours, median):5.2f} x"
                )
                print(f"    {who:26} {median:10.2f}  ({min(figures):.2f}-{max(figures):.2f})  {ratio}")


def _ratio(what: str, ours: float, other: float) -> float:
    return other / ours if what.endswith("ms") else ours / other


def store_all(peer: peers.Peer, instances: list[Instance], associations: int = 1) -> tuple[float, int]:
    """Store instances over some associations at once; return how many seconds that took, and how many were refused."""
    refused = [0] * associations

    def part(number: int) -> None:
        with Association(peer.port, peer.title, [(CT, EXPLICIT)]) as assoc:
            ready.wait()
            for instance in instances[number::associations]:
                refused[number] += assoc.store(instance) != 0

    ready = threading.Barrier(associations + 1)
    threads = [threading.Thread(target=part, args=(number,)) for number in range(associations)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, sum(refused)


def measure_storing(table: Table, name: str, work: Path, round_: int, options: argparse.Namespace) -> None:
    """Store small objects and CT images, on one association and on four."""
    for associations in (1, 4):
        for what, count, side in (("CT", options.images, 512), ("small", options.small, 32)):
            folder = work / f"store-{name.rsplit(maxsplit=1)[-1]}-{round_}-{associations}-{what}"
            images = filler.one_study(count, side, f"{round_}.{associations}.{side}")
            with peers.running(name, folder) as peer:
                store_all(peer, filler.one_study(2, side, "9.9"), 1)
                taken, refused = store_all(peer, images, associations)
            table.add(f"store {what}, {associations} association(s), images/s", name, (count - refused) / taken)
            if refused:
                print(f"    {name} refused {refused} of {count}")
            shutil.rmtree(folder)


def latency(ask: Callable[[int], int], expected: int) -> float:
    """Return the median milliseconds of a query, the number of whose matches is known."""
    ask(0)
    taken = []
    for number in range(QUERIES):
        started = time.perf_counter()
        count = ask(number)
        taken.append(time.perf_counter() - started)
        if count != expected:
            raise SystemExit(f"{count} matches instead of {expected}")
    return statistics.median(taken) * 1000


def measure_finding(table: Table, peer: peers.Peer, plan: filler.Plan, label: str) -> None:
    """Query by unique keys, and for many matches."""
    with Association(peer.port, peer.title, [(FIND, IMPLICIT)]) as assoc:

        def count(level: str, *keys: bytes) -> int:
            status, found = assoc.find(level, *keys)
            if status:
                raise SystemExit(f"{peer.name} answers a query with {status:04X}")
            return len(found)

        def studies(number: int) -> int:
            return count("STUDY", key(PATIENT_ID, plan.patient(number * 7)), key(STUDY_UID), *filler.STUDY_KEYS)

        def series(number: int) -> int:
            return count("SERIES", key(STUDY_UID, plan.study(number * 7)), key(SERIES_UID), *filler.SERIES_KEYS)

        def images(number: int) -> int:
            study, one = plan.series(number * 7)
            return count("IMAGE", key(STUDY_UID, study), key(SERIES_UID, one), key(SOP_UID), *filler.IMAGE_KEYS)

        table.add(f"find STUDY by PatientID {label}, ms", peer.name, latency(studies, 2))
        table.add(f"find SERIES in study {label}, ms", peer.name, latency(series, 2))
        table.add(f"find IMAGE in series {label}, ms", peer.name, latency(images, 10))
        questions: tuple[tuple[str, Callable[[], int]], ...] = (
            ("all studies", lambda: count("STUDY", key(STUDY_UID), *filler.STUDY_KEYS)),
            (
                "IMAGE in a series of 2000",
                lambda: count(
                    "IMAGE", *map(key, (STUDY_UID, SERIES_UID), plan.large), key(SOP_UID), *filler.IMAGE_KEYS
                ),
            ),
        )
        for what, ask in questions:
            started = time.perf_counter()
            found = ask()
            table.add(f"find {what} {label}, matches/s", peer.name, found / (time.perf_counter() - started))


def measure_retrieving(table: Table, peer: peers.Peer, receiver: Receiver, study: str, what: str, count: int) -> None:
    """Retrieve a study with C-MOVE and with C-GET."""
    keys = (key(LEVEL, "STUDY"), key(STUDY_UID, study))
    with Association(peer.port, peer.title, [(MOVE, IMPLICIT)]) as assoc:
        before, started = receiver.count, time.perf_counter()
        status, _ = assoc.move(peers.DEST, *keys)
        taken, arrived = time.perf_counter() - started, receiver.count - before
    _expect(peer, "C-MOVE", status, arrived, count)
    table.add(f"C-MOVE {what}, images/s", peer.name, count / taken)
    contexts = [(GET, IMPLICIT), (CT, EXPLICIT)]
    with Association(peer.port, peer.title, contexts, as_scp=[CT]) as assoc:
        started = time.perf_counter()
        status, arrived = assoc.get(*keys)
        taken = time.perf_counter() - started
    _expect(peer, "C-GET", status, arrived, count)
    table.add(f"C-GET {what}, images/s", peer.name, count / taken)


def _expect(peer: peers.Peer, what: str, status: int, arrived: int, count: int) -> None:
    if status or arrived != count:
        raise SystemExit(f"{peer.name}: {what} ends with {status:04X}, {arrived} of {count} images have come")


def measure_finding_beside(table: Table, name: str, work: Path, options: argparse.Namespace) -> None:
    """Fill an archive over the wire with 10,000 instances, or as many as it holds, then query it."""
    plan = filler.Plan(_HOLDS.get(name, 10_000))
    with peers.running(name, work / f"find-{name.rsplit(maxsplit=1)[-1]}") as peer:
        _fill(peer, list(plan.every()))
        for _ in range(options.rounds):
            measure_finding(table, peer, plan, _BESIDE)


def measure_retrieving_beside(table: Table, name: str, work: Path, options: argparse.Namespace) -> None:
    """Fill an archive with a study of small objects and one of CT images, then retrieve both."""
    dest = peers.free_port()
    receiver = Receiver(dest)
    with peers.running(name, work / f"retrieve-{name.rsplit(maxsplit=1)[-1]}", dest) as peer:
        for uid, side, count in (("7.1", 32, options.small), ("7.2", 512, options.ct)):
            _fill(peer, filler.one_study(count, side, uid))
        for _ in range(options.rounds):
            measure_retrieving(table, peer, receiver, filler.study_of("7.1"), f"{options.small} small", options.small)
            measure_retrieving(table, peer, receiver, filler.study_of("7.2"), f"{options.ct} CT", options.ct)
    receiver.close()


def _fill(peer: peers.Peer, instances: list[Instance]) -> None:
    _, refused = store_all(peer, instances)
    if refused:
        raise SystemExit(f"{peer.name} refused {refused} instances")


def measure_growth(table: Table, work: Path, options: argparse.Namespace) -> None:
    """Query ours as it grows; it is filled beside the wire, and no files are written: queries want none."""
    for instances in options.sizes:
        plan = filler.Plan(instances)
        folder = work / f"grown-{instances}"
        started = time.perf_counter()
        filler.fill_index(plan, folder / "store", options.database)
        print(f"  an index of {instances} instances made in {time.perf_counter() - started:.1f} s", flush=True)
        with peers.running(peers.OURS, folder, database=options.database) as peer:
            for _ in range(options.rounds):
                measure_finding(table, peer, plan, f"at {instances}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=2000, help="small objects (32 x 32 pixels)")
    parser.add_argument("--ct", type=int, default=100, help="CT images (512 x 512 pixels) that are retrieved")
    parser.add_argument("--images", type=int, default=500, help="CT images that are stored")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="instances in the index"
    )
    parser.add_argument("--parts", nargs="+", default=["store", "find", "retrieve", "growth"])
    parser.add_argument("--peers", nargs="+", default=peers.available())
    parser.add_argument("--database", default="", help="URL of an empty database for the growth, instead of SQLite")
    options = parser.parse_args()
    names = [name for name in peers.available() if any(one in name for one in options.peers)]
    table = Table()
    memory = Path("/dev/shm")  # noqa: S108 - a RAM disk, so that no disk is measured
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        work = Path(name)
        if "store" in options.parts:
            for round_ in range(options.rounds):
                for each in names:
                    measure_storing(table, each, work, round_, options)
        archives = [each for each in names if each != "storescp"]
        for part, measure in (("find", measure_finding_beside), ("retrieve", measure_retrieving_beside)):
            for each in archives if part in options.parts else ():
                measure(table, each, work, options)
        if "growth" in options.parts:
            measure_growth(table, work, options)
    table.show()


if __name__ == "__main__":
    main()
