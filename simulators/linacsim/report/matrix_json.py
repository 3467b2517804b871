"""The matrix of negotiations as data: complete, and the same keys in every version."""

from __future__ import annotations

import json
from typing import Any

from linacsim.conformance.matrix import Matrix
from linacsim.conformance.negotiation import Negotiation, Outcome, Party, PduLimit
from linacsim.conformance.proof import Proof
from linacsim.report.matrix_text import Proofs, proof_of


def matrix_json(matrix: Matrix, proofs: Proofs) -> str:
    """Return the matrix, and what was executed, as JSON."""
    return json.dumps(matrix_data(matrix, proofs), indent=2, ensure_ascii=False) + "\n"


def matrix_data(matrix: Matrix, proofs: Proofs) -> dict[str, Any]:
    """Return the matrix as plain data; ``wire`` of a cell is ``None`` if it was not executed."""
    return {
        "requestors": [_party(one) for one in matrix.requestors],
        "acceptors": [_party(one) for one in matrix.acceptors],
        "left_out": [{"id": one.id, "why": why} for one, why in matrix.left_out],
        "executed": len(proofs or {}),
        "differing": sum(bool(one.differences) for one in (proofs or {}).values()),
        "cells": [_cell(cell, proof_of(proofs, key)) for key, cell in matrix.cells.items()],
    }


def _party(one: Party) -> dict[str, Any]:
    entity = one.entity
    return {
        "id": one.id,
        "system": one.system,
        "entity": entity.id,
        "system_title": one.title,
        "title": entity.title,
        "section": entity.section,
        "ae_title": entity.ae_title_default,
        "port": entity.port_default,
        "acceptance_policy": entity.acceptance_policy,
    }


def _cell(cell: Negotiation, proof: Proof | None) -> dict[str, Any]:
    return {
        "requestor": cell.requestor.id,
        "acceptor": cell.acceptor.id,
        "proposed": len(cell.outcomes),
        "passing": len(cell.passing),
        "certain": cell.certain,
        "sentence": cell.sentence,
        "verification": _verification(cell),
        "contexts": [_context(one) for one in cell.outcomes],
        "pdu_to_acceptor": _pdu(cell.to_acceptor),
        "pdu_to_requestor": _pdu(cell.to_requestor),
        "associations": {
            "requestor_opens": cell.requestor.entity.max_associations.initiate,
            "acceptor_accepts": cell.acceptor.entity.max_associations.accept,
            "words": cell.associations,
        },
        "operations": cell.operations,
        "concerns": list(cell.concerns),
        "notes": list(cell.notes),
        "wire": _wire(proof) if proof else None,
    }


def _verification(cell: Negotiation) -> str:
    return cell.verification.result.words if cell.verification else "not-proposed"


def _context(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.offer.name,
        "abstract_syntax": one.offer.abstract_syntax,
        "proposed_transfer_syntaxes": list(one.offer.transfer_syntaxes),
        "result": one.result.value,
        "reason": one.result.words,
        "transfer_syntax": one.transfer_syntax or None,
        "why": one.why,
        "certain": one.certain,
        "taken": list(one.assumed),
    }


def _pdu(limit: PduLimit) -> dict[str, Any]:
    return {"announced": limit.announced, "largest": limit.largest, "words": limit.words}


def _wire(proof: Proof) -> dict[str, Any]:
    seen = proof.seen
    return {
        "as_predicted": not proof.differences,
        "differences": list(proof.differences),
        "requestor_announces": list(seen.requestor_lengths),
        "acceptor_announces": list(seen.acceptor_lengths),
        "contexts": [
            {
                "abstract_syntax": one.abstract_syntax,
                "proposed_transfer_syntaxes": list(one.proposed),
                "result": one.result,
                "transfer_syntax": one.transfer_syntax or None,
            }
            for one in seen.answers
        ],
    }
