"""The profile of a product: what the report says about it, and how the bench is set up for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from linacsim.devices.remote.personality import Port
from linacsim.scenario.keys import Lines, Text
from linacsim.settings import AETitle, Settings, build
from linacsim.yaml_file import read_yaml


class Profile(Settings):
    """A product under test.

    Attributes
    ----------
    product, version, vendor : str
        What it is.
    configuration : str
        How it is set up, in words.
    site, tester : str
        Where and by whom it is tested.
    host : str
        The address that the peers of the bench listen on.
    ports : mapping of str to int
        Where peers listen that the product calls back to.
    parameters : mapping
        Values of the scenarios' parameters.
    not_applicable : mapping of str to str
        Scenarios that are left out, with the reason; the report lists them.
    requirements : mapping of str to str
        What the requirements of the scenarios are called in the product's own documents.
    seed : int
        What everything that is drawn follows from.
    """

    product: Text
    version: Text
    vendor: str = ""
    configuration: Lines = ""
    site: str = ""
    tester: str = ""
    host: str = "127.0.0.1"
    ports: dict[AETitle, Port] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    not_applicable: dict[str, Text] = Field(default_factory=dict)
    requirements: dict[str, str] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0)] = 1


def read_profile(path: Path) -> Profile:
    """Return the profile in a file.

    Raises
    ------
    InputError
        If there is no such file, or anything in it is wrong; the text says where.
    """
    file = read_yaml(path)
    return build(Profile, file.data, locate=file.locate)
