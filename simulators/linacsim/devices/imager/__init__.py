"""An imager of a linac: kV and MV pictures and cone-beam CT with hardware behind them that takes its time and breaks."""
