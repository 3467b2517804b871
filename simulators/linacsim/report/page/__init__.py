"""``report.html``: a run as one page that opens from disk, for a reader in a hurry and for one who has to find out why.

- `linacsim.report.page.rows` - the event log as the rows of a sequence diagram; `lanes` - who stands at its head
- `linacsim.report.page.associations` - what belongs together, and how it ended
- `linacsim.report.page.bands` - the states of the hardware, read from the events that begin and end them
- `linacsim.report.page.wire` - the PDUs of each message, found in the traffic
- `linacsim.report.page.pictures` - films and slices inside the page, as far as they fit
- `linacsim.report.page.stored` - what peers have stored, as sheets of small pictures
- `linacsim.report.page.telling` - the verdict's reason, expectations and faults with their events
- `linacsim.report.page.render` - all of it through the template ``page.html.j2``, with ``page.css`` and the scripts
"""

from linacsim.report.page.render import page as page
