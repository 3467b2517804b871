"""Floor 2: DICOM instances, built from physics and conformance tables, or read and made ready for a peer.

- `linacsim.objects.case`: a synthetic patient case: images, structures, plans, doses, radiographs of one phantom.
- `linacsim.objects.export`: objects as a system's conformance statement says that it writes them.
- `linacsim.objects.printable`: what a Print SCU does to an image before it prints it.
- `linacsim.objects.encoding`, `charset`, `elements`: File Meta Information, character sets, elements that stay unread.
"""
