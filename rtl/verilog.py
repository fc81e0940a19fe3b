"""Verilog export: one text for each distinct block of a design."""

import re

from amaranth.back import verilog

from rtl.hierarchy import Block, BlockLibrary

_ZERO_MEMORY = re.compile(r"^  initial begin\n(?:    memory\[\d+\] = \d+'[hd]0+;\n)+  end\n", re.M)
"""Power-on zeros of a memory, a line for each row. An SRAM macro has none; the network is always
written before the first spike, and the lines would be most of what a simulator has to compile."""


def export(top: Block) -> dict[str, str]:
    """Verilog of ``top`` and of every block below it.

    Returns
    -------
    dict
        Module name to Verilog text, a block after the ones that it instantiates, ``top`` last.
        The text depends on the design alone: no paths, dates or hash order.
    """
    texts: dict[str, str] = {}

    def write(block: Block):
        library = BlockLibrary()
        text = verilog.convert(
            block,
            name=block.module_name,
            platform=library,
            emit_src=False,
            strip_internal_attrs=True,
        )
        for below in library.blocks.values():
            if below.module_name not in texts:
                write(below)
        texts[block.module_name] = _ZERO_MEMORY.sub("", text)

    write(top)
    return texts
