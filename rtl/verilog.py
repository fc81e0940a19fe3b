"""Verilog export: one text for each distinct block of a design."""

from amaranth.back import verilog

from rtl.hierarchy import Block, BlockLibrary


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
        texts[block.module_name] = text

    write(top)
    return texts
