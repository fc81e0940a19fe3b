"""The drawings of docs/: `python -m tb.kit.drawings` writes docs/figures/NAME.svg for each.

A drawing is a module with a function ``draw`` that returns a `sheet.Sheet`. What it says of widths,
fields and sequences comes from `trispike.models` and `trispike.rtl`.
"""
