"""Where a remote application entity is, and what a person is asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linacsim.settings import AETitle, Settings

Port = Annotated[int, Field(ge=1, le=65535)]


class RemotePersonality(Settings):
    """A real application entity.

    Attributes
    ----------
    host : str
        Its address.
    port : int
        Where it listens.
    title : str or None
        Its AE title, if peers know it by another name.
    """

    host: str = "127.0.0.1"
    port: Port = 104
    title: AETitle | None = None


class Ask(Settings):
    """Ask a person to have the product do something; the step ends when the person says that it has been done.

    Attributes
    ----------
    ask : str
        What is to be done, in a sentence.
    """

    ask: Annotated[str, Field(min_length=1)]
