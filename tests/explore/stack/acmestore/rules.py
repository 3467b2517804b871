from collections.abc import Iterator

from linacsim.explore import Run


def rejected_is_rejected(run: Run) -> Iterator[str]:
    """Who has been rejected for good (PS3.8 9.3.4, result 1) does not call again while nobody has mended that."""
    for rejection in run.first.of("A-ASSOCIATE-RJ"):
        if rejection["way"] != "received" or rejection["result"] != 1:
            continue
        for call in run.first.of("A-ASSOCIATE-RQ"):
            if call["at"] == rejection["at"] and call["way"] == "sent" and call["n"] > rejection["n"]:
                yield f"{call['at']} calls again, after it has been rejected for good"
                break
