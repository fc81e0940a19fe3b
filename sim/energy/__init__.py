"""Energy of a prediction: by events, by switching in the netlist, and by TW-SNN's power."""
