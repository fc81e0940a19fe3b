"""What a prediction costs: events times energies, switching in the netlist, TW-SNN's silicon."""
