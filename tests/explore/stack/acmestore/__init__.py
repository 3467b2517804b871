"""A storage SCU as somebody might write it on plain pynetdicom: one that is right, and three that have a bug each."""
