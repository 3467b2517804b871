"""The project in here is somebody else's: its tests are run as it would run them, not with ours."""

collect_ignore = ["project"]
