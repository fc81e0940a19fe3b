"""Timelines of runs for Perfetto and Chrome's viewer, from what the RTL did."""
