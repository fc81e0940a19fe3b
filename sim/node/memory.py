"""A mapped network into the memories of a mesh's nodes, and out again, by transactions."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from trispike.models.mesh import transactions
from trispike.models.mesh.flits import Command
from trispike.models.mesh.mapping import HOST, Mapping
from trispike.models.mesh.memory_map import LINE_WORDS, region_of
from trispike.models.mesh.node_image import Segment, image
from trispike.models.mesh.topology import Node
from trispike.models.network.parameters import Network
from trispike.sim.tools.simulator import SimulationError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transaction:
    """``request``, uint32 flits of shape (n,), for the memory of ``node``."""

    node: Node
    request: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchange:
    """What came of a transaction.

    - ``transaction``: the request.
    - ``begun``, ``ended``: cycles of the phase in which the first flit of the request was taken,
      and the last of the answer given; -1 if that never came.
    - ``answer``: uint32, shape (n,): flits of the answer.
    """

    transaction: Transaction
    begun: int
    ended: int
    answer: np.ndarray


def loading(mapping: Mapping, network: Network, timesteps: int) -> list[Transaction]:
    """Writes of all that ``network`` needs on the nodes of ``mapping``: bursts, one a segment.

    ``timesteps`` are those of an image, here and in what reads back.
    """
    return [
        Transaction(
            node=node, request=transactions.write(node, segment.address, segment.words, host=HOST)
        )
        for node, segment in _segments(mapping, network, timesteps)
    ]


def reading(
    mapping: Mapping, network: Network, timesteps: int, *, burst: bool = True
) -> list[Transaction]:
    """Reads of all that `loading` writes: one a segment, or without ``burst`` one a word."""
    requests = []
    for node, segment in _segments(mapping, network, timesteps):
        words = len(segment.words)
        reads = [(segment.address, words)] if burst else _words(segment)
        requests += [
            Transaction(node=node, request=transactions.read(node, address, count, host=HOST))
            for address, count in reads
        ]
    return requests


def check_loaded(exchanges: Sequence[Exchange]) -> None:
    """`SimulationError` names the first transaction that was not carried out."""
    for exchange in exchanges:
        _answer(exchange)


def compare(
    mapping: Mapping, network: Network, timesteps: int, exchanges: Sequence[Exchange]
) -> int:
    """Compare what `reading` has read with what `loading` wrote; returns how many words.

    `SimulationError` names the node and the address of the first difference.
    """
    read: dict[Node, list[np.ndarray]] = {}
    for exchange in exchanges:
        words = _answer(exchange).words
        read.setdefault(exchange.transaction.node, []).append(words)
    total = 0
    grouped = itertools.groupby(_segments(mapping, network, timesteps), key=lambda pair: pair[0])
    for node, pairs in grouped:
        segments = [segment for _, segment in pairs]
        addresses = np.concatenate([s.address + np.arange(len(s.words)) for s in segments])
        wanted = np.concatenate([s.words for s in segments])
        got = np.concatenate(read.get(node, [np.zeros(0, dtype=np.uint16)]))
        if len(got) != len(wanted):
            raise SimulationError(f"{name(node)} gave {len(got)} words, not {len(wanted)}")
        different = np.flatnonzero(got != wanted)
        if len(different):
            k = different[0]
            region = region_of(mapping.node, int(addresses[k]) // LINE_WORDS)
            raise SimulationError(
                f"{name(node)} address {addresses[k]} ({region.name}) holds "
                f"{got[k]:#06x}, and {wanted[k]:#06x} was written"
            )
        total += len(wanted)
    return total


def name(node: Node) -> str:
    """``node 0.2.1``."""
    return f"node {'.'.join(map(str, node))}"


def _segments(mapping: Mapping, network: Network, timesteps: int) -> Iterator[tuple[Node, Segment]]:
    for part, node in enumerate(mapping.places):
        for segment in image(mapping, network, part, timesteps):
            yield node, segment


def _words(segment: Segment) -> list[tuple[int, None]]:
    return [(segment.address + k, None) for k in range(len(segment.words))]


def _answer(exchange: Exchange) -> transactions.Answer:
    """The answer; `SimulationError` if it is none, another node's, or the node has refused."""
    node = exchange.transaction.node
    if exchange.ended < 0 or len(exchange.answer) < 2:
        raise SimulationError(f"{name(node)} has not answered a memory transaction")
    answer = transactions.answer(exchange.answer)
    if answer.node != node:
        raise SimulationError(f"{name(answer.node)} answered in place of {name(node)}")
    if answer.status is not Command.DONE:
        reason = answer.reason.name.lower().replace("_", " ")
        raise SimulationError(f"{name(node)} refused a memory transaction: {reason}")
    return answer
