"""All blocks that have mutants, in the order of the tables."""

from tb.mutate.block import Block
from tb.mutate.python.blocks import PYTHON_BLOCKS
from tb.mutate.verilog.blocks import VERILOG_BLOCKS

BLOCKS: dict[str, Block] = {block.name: block for block in (*VERILOG_BLOCKS, *PYTHON_BLOCKS)}
