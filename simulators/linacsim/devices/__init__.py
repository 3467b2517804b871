"""Floor 3: the devices. Every folder has the same inner names: `hardware`, `services`, `personality`, README.

- `verification`, `storage`, `printer`: peers with hardware behind the service
- `planning`: the systems of published conformance statements
- `device` is what all of them have, `entity` their application entity, `registry` the list of all kinds
"""
