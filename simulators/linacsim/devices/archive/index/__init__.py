"""The index over the stored instances: patients, studies, series, instances, each with the attributes of its level."""

from linacsim.devices.archive.index.entry import Entry as Entry
from linacsim.devices.archive.index.entry import Kept as Kept
from linacsim.devices.archive.index.header import WANTED as WANTED
from linacsim.devices.archive.index.header import Header as Header
from linacsim.devices.archive.index.header import NotIndexableError as NotIndexableError
from linacsim.devices.archive.index.header import header_of as header_of
from linacsim.devices.archive.index.header import read_header as read_header
from linacsim.devices.archive.index.tree import Index as Index

__all__ = ["WANTED", "Entry", "Header", "Index", "Kept", "NotIndexableError", "header_of", "read_header"]
