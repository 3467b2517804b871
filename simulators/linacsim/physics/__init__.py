"""Floor 1: what happens in the room, arrays in and arrays out; no DICOM objects, no time, no files of the user.

`linacsim.physics.film` is the light-sensitive film of a printer and the light box it is hung on. `phantom`, `beamseye` and
`dosemodel` make test objects for planning systems. The imager is made of::

    geometry.py      IEC 61217: gazes (source and panel), couch, patient; read its first page before anything else
    solids.py        analytic bodies; phantoms/ has those to lie on the couch
    projection.py    mm of water on the way to each pixel, through solids or voxels
    spectrum.py      tube spectra and attenuation from tables/
    mvbeam.py        jaws, leaves and profile of the megavoltage beam
    bowtie.py        the filter of the kilovoltage beam
    scatter.py       scatter, made and taken out
    detector.py      flat panels: counts, calibration, correction
    flexmap.py       sag, and what a correction knows of it
    motion.py        breathing, couches that move
    acquisition.py   all of that for one picture, and its ground truth
    presets.py       techniques and scans by name
    room.py          a body and both axes: whole pictures and scans (scanning.py) with their ground truth (told.py)
    fdk.py           cone-beam reconstruction to Hounsfield units
    registration/    2D, 2D/2D, marker and 3D/3D match
    kernels/         the compiled loops; numba is imported with them and not before
"""
