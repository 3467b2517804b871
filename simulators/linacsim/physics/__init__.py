"""Floor 1: what happens in the room, arrays in and arrays out; no DICOM objects, no time, no files of the user.

`linacsim.physics.film` is the light-sensitive film of a printer and the light box it is hung on.
"""
