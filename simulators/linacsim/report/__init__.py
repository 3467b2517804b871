"""Floor 5: one event log in, everything a person or a tool reads out.

- `linacsim.report.timeline` - the log as aligned text; `pairing` makes one arrow of a message that both peers logged
- `linacsim.report.pcap` - the bytes on the bench's network as a capture for Wireshark
- `linacsim.report.run_folder` - the folder of plain files that a run leaves
- `linacsim.report.diff` - the first event in which two runs differ
- `linacsim.report.verdict` - the result as a block of text for the terminal
- `linacsim.report.words` - DICOM numbers in words; `atomic` - files that appear whole or not at all
"""

from linacsim.report.diff import Difference as Difference
from linacsim.report.diff import Divergence as Divergence
from linacsim.report.diff import diff_runs as diff_runs
from linacsim.report.diff import format_divergence as format_divergence
from linacsim.report.pcap import write_pcap as write_pcap
from linacsim.report.run_folder import RunFolder as RunFolder
from linacsim.report.run_folder import run_file as run_file
from linacsim.report.run_folder import slug as slug
from linacsim.report.timeline import needs_ascii as needs_ascii
from linacsim.report.timeline import timeline as timeline
from linacsim.report.verdict import summary as summary

__all__ = [
    "Difference",
    "Divergence",
    "RunFolder",
    "diff_runs",
    "format_divergence",
    "needs_ascii",
    "run_file",
    "slug",
    "summary",
    "timeline",
    "write_pcap",
]
