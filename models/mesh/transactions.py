"""Memory transactions as flits: what a host sends to a node's memory slave and what it gets back.

docs/node.md has the table of them.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from trispike.models.mesh.flits import (
    HEAD,
    MEMORY,
    Access,
    Command,
    FlitType,
    from_node,
    pack,
    to_node,
)
from trispike.models.mesh.node import WORD_BITS, Reason
from trispike.models.mesh.topology import Node


def read(node: Node, address: int, count: int | None = None, *, host: Node) -> np.ndarray:
    """Request for ``count`` words of ``node`` from ``address`` on, or for a single one.

    ``host`` is the node beside which the host stands. Returns uint32, shape (flits,).
    """
    access = Access.SINGLE_READ if count is None else Access.BURST_READ
    contents = [address] if count is None else [address, count]
    return _request(node, access, contents, host)


def write(node: Node, address: int, words: Sequence[int] | int, *, host: Node) -> np.ndarray:
    """Request to write ``words`` to ``node`` from ``address`` on, or a single one.

    Returns uint32, shape (flits,).
    """
    single = isinstance(words, int)
    access = Access.SINGLE_WRITE if single else Access.BURST_WRITE
    return _request(node, access, [address, *([words] if single else words)], host)


def _request(node: Node, access: Access, contents: Sequence[int], host: Node) -> np.ndarray:
    body = np.array([pack(HEAD, **from_node(host)) >> MEMORY["content"].lowest, *contents])
    commands = np.full(len(body), int(Command.KEPT))
    commands[-1] = Command.DONE
    flits = pack(
        MEMORY,
        type=FlitType.MEMORY,
        **to_node(node),
        command=commands,
        access=int(access),
        content=body,
    )
    return flits.astype(np.uint32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a node answered.

    Parameters
    ----------
    node
        Who answered.
    words
        uint16, shape (n,): what was read.
    status
        Command of the last flit.
    reason
        Why not, if not.
    """

    node: Node
    words: np.ndarray
    status: Command
    reason: Reason


def answer(flits: np.ndarray) -> Answer:
    """The answer whose flits are ``flits``, uint32 of shape (2 or more,)."""
    flits = flits.astype(np.int64)
    head, words, last = int(flits[0]), flits[1:-1], int(flits[-1])
    return Answer(
        node=tuple(HEAD[f"source_{axis}"].get(head) for axis in "xyz"),
        words=(MEMORY["content"].get(words) & ((1 << WORD_BITS) - 1)).astype(np.uint16),
        status=Command(MEMORY["command"].get(last)),
        reason=Reason(MEMORY["content"].get(last)),
    )
