"""Waveform regression: what the hardware's signals do, cycle by cycle, compared with references."""
