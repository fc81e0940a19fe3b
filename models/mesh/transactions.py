"""Memory transactions as flits: what a host sends to a node's memory slave and what it gets back.

docs/node.md has the table of them.
"""

import dataclasses
import enum
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
from trispike.models.mesh.memory_map import WORD_BITS
from trispike.models.mesh.topology import Node


class Reason(enum.IntEnum):
    """Why a memory transaction was not carried out: content of its answer's last flit."""

    NONE = 0
    NO_SUCH_ADDRESS = 1
    """A word that does not exist, or a write to one that can only be read. Words before it were
    read, or written."""

    AT_WORK = 2
    """The node has spikes of a timestep. Nothing was read or written."""

    MALFORMED = 3
    """The flits make no transaction. What was in order before may have been written."""

    ABANDONED = 4
    """The host ended its transaction with CORRUPTED or CANCELLED."""


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

    - ``node``: who answered.
    - ``words``: uint16, shape (n,): what was read.
    - ``status``: command of the last flit.
    - ``reason``: why not, if not.
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
