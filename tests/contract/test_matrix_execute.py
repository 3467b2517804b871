"""The executed matrix: what is read from the wire is what went over it, and every cell is as predicted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from pynetdicom import AE
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.bench import Bench
from linacsim.conformance import load_entity, load_system, systems
from linacsim.conformance.matrix import Matrix, matrix
from linacsim.conformance.model import Context, Entity, Pdu, Role
from linacsim.conformance.negotiation import Party, negotiate
from linacsim.conformance.proof import Answer, Proof
from linacsim.devices.entity import NetworkSettings, application_entity
from linacsim.devices.planning.varian import ScpPersonality
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.registry import KINDS
from linacsim.devices.statement import statement_of
from linacsim.devices.verification.personality import Connect, VerificationPersonality
from linacsim.devices.verification.services import VerificationPeer
from linacsim.negotiate import _ask, devices, execute, kind_name, seen

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
VERIFICATION, GREYSCALE, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.4.1.1.2"


class Caller(VerificationPeer):
    """A peer that opens two kinds of associations."""

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        ae = application_entity(self, self.personality)
        yield ae, [build_context(VERIFICATION, [EXPLICIT]), build_context("1.2.3", [IMPLICIT, BIG])]
        yield ae, [build_context(GREYSCALE, [BIG])]


@contextmanager
def called(settings: NetworkSettings) -> Iterator[tuple[Bench, Caller]]:
    """Open a bench with a printer and a caller."""
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=settings)
        yield bench, Caller(bench.kernel.place("CALLER"), VerificationPersonality(maximum_length=4096), bench.shelf)


def test_every_context_of_every_association_is_read_with_its_answer() -> None:
    with called(PrinterPersonality(maximum_length=20000)) as (bench, caller):
        bench.play(_ask, caller, "PRINTER", place=caller.place)
        bench.settle()
        found = seen(bench.traffic.segments, bench.address_of("PRINTER"))
    assert found.answers == (
        Answer(VERIFICATION, (EXPLICIT,), 0, EXPLICIT),
        Answer("1.2.3", (IMPLICIT, BIG), 3),
        Answer(GREYSCALE, (BIG,), 4),
    )
    assert (found.requestor_lengths, found.acceptor_lengths) == ((4096,), (20000,))
    assert (found.asynchronous, found.failures) == (False, ())


def test_a_rejected_association_is_a_failure_in_the_standards_words() -> None:
    with called(PrinterPersonality(accept_calling=("NOBODY",))) as (bench, caller):
        bench.play(_ask, caller, "PRINTER", place=caller.place)
        bench.settle()
        found = seen(bench.traffic.segments, bench.address_of("PRINTER"))
    assert found.failures == ("association permanent, service-user, calling-AE-title-not-recognized",) * 2
    assert {one.result for one in found.answers} == {None}


def test_a_connection_without_an_association_is_a_failure() -> None:
    with Bench() as bench:
        bench.add("printer", "PRINTER")
        scu = bench.add("verification", "SCU")
        bench.play(scu.act, "connect", Connect(to="PRINTER", send="01 00 00 00"), place=scu.place)
        found = seen(bench.traffic.segments, bench.address_of("PRINTER"))
    assert found.failures == ("a connection without an A-ASSOCIATE-RQ",)
    assert found.answers == ()


# devices as entities


@pytest.mark.parametrize("kind", ["archive", "storage", "verification", "printer"])
def test_a_device_tells_as_an_entity_what_it_listens_with(kind: str) -> None:
    with Bench() as bench:
        device = bench.add(kind)
        entity = statement_of(device)
        ae = application_entity(device, device.personality)
        device.support(ae)
    assert entity.roles == (Role.SCP,)
    assert VERIFICATION in [one.abstract_syntax for one in entity.presentation_contexts]
    assert entity.pdu.max == ae.maximum_pdu_size
    assert entity.max_associations.accept == ae.maximum_associations
    # pynetdicom takes the first of a context's own list; the one order of preference must say the same of each
    for context in entity.presentation_contexts:
        preferred = [one for one in entity.transfer_syntax_preference or () if one in context.transfer_syntaxes]
        assert preferred == list(context.transfer_syntaxes)


def test_the_checks_of_a_device_are_told() -> None:
    with Bench() as bench:
        picky = NetworkSettings(require_called=True, accept_calling=("FRIEND",))
        settings = PrinterPersonality(**picky.model_dump(exclude={"dimse_timeout", "network_timeout"}))
        assert statement_of(bench.add("printer", settings=settings)).acceptance_policy == (
            "checks called AE title and calling AE title"
        )
        unlimited = PrinterPersonality(maximum_length=0)
        assert statement_of(bench.add("printer", "OTHER", settings=unlimited)).pdu.receive_unlimited


def test_the_columns_are_the_serving_devices_that_play_no_document() -> None:
    with Bench() as bench:
        found = {one.id for one in devices(bench)}
    assert {"archive", "printer", "storage", "verification"} <= found
    assert all(KINDS[name].serves for name in found)
    documented = {f"{one}-{entity}" for one in systems() for entity in load_system(one).entities}
    assert not found & documented


# the whole matrix


def entity_of(name: str) -> Entity:
    """Return the table of ``monaco/cms-scu``."""
    system, entity = name.split("/")
    return load_entity(system, entity)


@pytest.fixture(scope="module")
def predicted() -> Matrix:
    with Bench() as bench:
        return matrix((load_system(one) for one in systems()), devices(bench))


@pytest.fixture(scope="module")
def proofs(predicted: Matrix) -> dict[tuple[str, str], Proof]:
    return execute(predicted)


def test_all_cells_are_executed(predicted: Matrix, proofs: dict[tuple[str, str], Proof]) -> None:
    parties = {one.id: one for one in (*predicted.requestors, *predicted.acceptors)}
    assert {kind_name(one) for one in parties.values()} <= set(KINDS)
    assert set(proofs) == set(predicted.cells)


def test_every_cell_is_as_predicted(proofs: dict[tuple[str, str], Proof]) -> None:
    assert {key: proof.differences for key, proof in proofs.items() if proof.differences} == {}


def test_on_the_wire_stands_what_the_tables_list(proofs: dict[tuple[str, str], Proof]) -> None:
    """Held against the tables alone: what was predicted may be wrong as a device is wrong."""
    for (requestor, acceptor), proof in proofs.items():
        entity = entity_of(requestor)
        listed = {
            one.abstract_syntax: one.transfer_syntaxes for one in entity.presentation_contexts if one.role is Role.SCU
        }
        assert {one.abstract_syntax for one in proof.seen.answers} == (set(listed) or {VERIFICATION})
        for one in proof.seen.answers:
            assert one.proposed == (listed.get(one.abstract_syntax) or (IMPLICIT,))
        if not acceptor.startswith("linacsim/"):
            takes = {
                one.abstract_syntax: one.transfer_syntaxes or (IMPLICIT,)
                for one in entity_of(acceptor).presentation_contexts
            }
            for one in proof.seen.answers:
                assert (one.result == 3) == (one.abstract_syntax not in takes)
                assert (one.result == 0) == bool(set(one.proposed) & set(takes.get(one.abstract_syntax, ())))


@pytest.mark.parametrize(
    ("requestor", "acceptor", "syntax"),
    [
        ("oncentra/cm-storage-scu", "oncentra/winscp32-scp", EXPLICIT),  # its order of preference
        ("oncentra/cm-storage-scu", "varian-obi/storage-scp", IMPLICIT),  # the first that is proposed
        ("preciseplan/precplan-export", "varian-obi/storage-scp", EXPLICIT),  # the first that it supports
        ("preciseplan/precplan-export", "oncentra/fr-scp", IMPLICIT),  # the first of its own table
        ("preciseplan/precplan-export", "monaco/monaco-scp", IMPLICIT),  # all that it is taken to know
        ("raystation/raystation-storage-scu", "raystation/raystation-storage-scp-service", IMPLICIT),
    ],
)
def test_the_transfer_syntax_on_the_wire(
    proofs: dict[tuple[str, str], Proof], requestor: str, acceptor: str, syntax: str
) -> None:
    (ct,) = (one for one in proofs[requestor, acceptor].seen.answers if one.abstract_syntax == CT)
    assert (ct.result, ct.transfer_syntax) == (0, syntax)


@pytest.mark.parametrize(
    ("entity", "length"),
    [
        ("monaco/cms-scu", 16384),
        ("oncentra/cm-print-scu", 65536),
        ("oncentra/winscp32-scp", 16384),
        ("preciseplan/precplan-export", 65536),
        ("varian-obi/storage-scp", 0),
    ],
)
def test_the_length_that_an_entity_announces_is_the_documented_one(
    proofs: dict[tuple[str, str], Proof], entity: str, length: int
) -> None:
    told = {proof.seen.requestor_lengths for key, proof in proofs.items() if key[0] == entity}
    told |= {proof.seen.acceptor_lengths for key, proof in proofs.items() if key[1] == entity}
    assert told == {(length,)}


def test_a_wrong_prediction_is_found_out(predicted: Matrix) -> None:
    asked = predicted.only("cm-print-scu", "linacsim/printer")
    printer = asked.acceptors[0]
    preference = (EXPLICIT, IMPLICIT)
    colour = Context(
        abstract_syntax="1.2.840.10008.5.1.1.18",
        name="Basic Color Print Management Meta SOP Class",
        transfer_syntaxes=preference,
        role=Role.SCP,
    )
    table = printer.entity.model_copy(update={"presentation_contexts": (colour,), "pdu": Pdu(max=1000)})
    wrong = negotiate(asked.requestors[0], Party(printer.system, printer.title, table))
    (proof,) = execute(replace(asked, cells=dict.fromkeys(asked.cells, wrong))).values()
    assert proof.differences == (
        "Basic Grayscale Print Management Meta SOP Class: acceptance on the wire, predicted abstract-syntax-not-supported",
        "linacsim printer announces 131072 bytes on the wire, 1000 were predicted",
    )


# what is told as something to mind


@pytest.mark.parametrize(
    ("remote", "failures"),
    [
        ("CMS_SCU", ()),
        ("SOMEBODY", ("association permanent, service-user, calling-AE-title-not-recognized",)),
    ],
)
def test_OBI_rejects_whom_it_has_not_been_told_of(remote: str, failures: tuple[str, ...]) -> None:
    with Bench() as bench:
        bench.add("varian-obi-storage-scp", "StreamService", settings=ScpPersonality(remote=remote))
        scu = bench.add("monaco-cms-scu", "CMS_SCU")
        bench.play(_ask, scu, "StreamService", place=scu.place)
        bench.settle()
        assert seen(bench.traffic.segments, bench.address_of("StreamService")).failures == failures


def test_Monaco_rejects_what_is_more_than_one_association() -> None:
    def two_at_one_time() -> tuple[bool, bool]:
        ae = AE("SENDER")
        host, port = bench.address_of("MONACO_SCP")
        assocs = [ae.associate(host, port, contexts=[build_context(CT, IMPLICIT)]) for _ in range(2)]
        established = (assocs[0].is_established, assocs[1].is_established)
        assocs[0].release()
        return established

    with Bench() as bench:
        bench.add("monaco-scp", "MONACO_SCP")
        assert bench.play(two_at_one_time) == (True, False)
        bench.settle()
        (failure,) = seen(bench.traffic.segments, bench.address_of("MONACO_SCP")).failures
    assert failure == "association transient, service-provider (presentation), local-limit-exceeded"
