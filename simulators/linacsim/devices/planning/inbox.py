"""Folders of the shelf in which received objects wait until a user imports them."""

from __future__ import annotations

from linacsim.kernel.shelf import Shelf


def folders_in(shelf: Shelf, kind: str) -> list[str]:
    """Return the names of the folders inside `kind`, sorted."""
    if shelf.folder is None:
        inside = [where.removeprefix(f"{kind}/") for where in shelf.memory if where.startswith(f"{kind}/")]
        return sorted({rest.partition("/")[0] for rest in inside if "/" in rest})
    path = shelf.folder / kind
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []


def files_in(shelf: Shelf, kind: str) -> list[str]:
    """Return the paths of the files in the folder `kind` itself, sorted; what begins with a dot is being written."""
    inside = {where.removeprefix(f"{kind}/"): where for where in shelf.names(kind)}
    folders = folders_in(shelf, kind)
    return [where for name, where in inside.items() if "/" not in name and name not in folders and name[0] != "."]


def remove(shelf: Shelf, where: str) -> None:
    """Take a file off the shelf; it may have gone already."""
    if shelf.folder is None:
        shelf.memory.pop(where, None)
    else:
        (shelf.folder / where).unlink(missing_ok=True)
