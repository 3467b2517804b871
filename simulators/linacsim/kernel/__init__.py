"""Floor 0: clocks, tasks, byte streams, pynetdicom on bench time, keyed randomness, the event log."""
