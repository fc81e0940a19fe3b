"""The network on chip: `make noc`."""
