"""Floor 2: DICOM instances, built from physics and conformance tables, or read and made ready for a peer.

`linacsim.objects.printable` is what a Print SCU does to an image before it prints it.
"""
