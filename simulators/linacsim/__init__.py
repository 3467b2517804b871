"""linacsim: a bench of simulated DICOM peers whose hardware runs as discrete-event processes."""
