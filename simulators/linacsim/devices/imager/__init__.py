"""An imager of a linac: kV and MV pictures and cone-beam CT with hardware behind them that takes its time and breaks.

- `hardware`: what takes how long, what may happen, what breaks; `personality`: what a site sets; `network`: who it calls.
- `services`: the steps of a session, which do `loading`, `picturing`, `registering` and `storing`; `actions`: their parameters.
- `scene`: who lies on the couch; `state`: what is known of the session; `writing`: what becomes DICOM, PNG and JSON.
- `plan`, `interface`, `patient`, `reference`: what was planned; `preconditions`: what the document asks for.
- `matching`, `planned`, `matched`: the four matches.
"""

from linacsim.devices.imager.services import KIND as KIND

__all__ = ["KIND"]
