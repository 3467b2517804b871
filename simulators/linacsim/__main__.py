"""``python -m linacsim``: the command line."""

from linacsim.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
