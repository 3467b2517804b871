"""The imager's hardware: it decides what takes how long, what may happen now and what breaks. No DICOM, and no pictures.

- `hardware`: what services and operator use; `operation`: the actions and breakages of the device.
- `settings`: the figures of all parts; `events`: its words in the log; `results`: what it hands over.
- `tube`, `gantry`, `arms`, `couch`, `panel`, `buffer`: the parts, as functions of time; `motion`: how things move.
- `machine`, `clockwork`: the parts together, and how they take time; `conditions`: what can be the matter.
- `acquisition`, `movement`, `calibration`, `reconstruction`: the processes; `operator`, `breakages`: the good and the bad hand.
"""
