"""`make synth`: a chip mapped to standard cells, counted and timed."""
