"""Floor 5: one event log in, everything a person or a tool reads out.

- `linacsim.report.timeline` - the log as aligned text; `pairing` makes one arrow of a message that both peers logged
- `linacsim.report.pcap` - the bytes on the bench's network as a capture for Wireshark
- `linacsim.report.run_folder` - the folder of plain files that a run leaves
- `linacsim.report.diff` - the first event in which two runs differ
- `linacsim.report.page` - ``report.html``; `run_junit` - ``junit.xml``; `again` - both from a run's folder alone
- `linacsim.report.reason` - why a run has its verdict, in a sentence
- `linacsim.report.verdict` - the result as a block of text for the terminal
- `linacsim.report.words` - DICOM numbers in words; `atomic` - files that appear whole or not at all
"""

from linacsim.report.again import report_again as report_again
from linacsim.report.diff import Difference as Difference
from linacsim.report.diff import Divergence as Divergence
from linacsim.report.diff import diff_runs as diff_runs
from linacsim.report.diff import format_divergence as format_divergence
from linacsim.report.pcap import write_pcap as write_pcap
from linacsim.report.run_folder import RunFolder as RunFolder
from linacsim.report.run_folder import run_file as run_file
from linacsim.report.run_folder import slug as slug
from linacsim.report.run_junit import invocation as invocation
from linacsim.report.run_junit import run_suite as run_suite
from linacsim.report.timeline import needs_ascii as needs_ascii
from linacsim.report.timeline import timeline as timeline
from linacsim.report.verdict import summary as summary

__all__ = [
    "Difference",
    "Divergence",
    "RunFolder",
    "diff_runs",
    "format_divergence",
    "invocation",
    "needs_ascii",
    "report_again",
    "run_file",
    "run_suite",
    "slug",
    "summary",
    "timeline",
    "write_pcap",
]
