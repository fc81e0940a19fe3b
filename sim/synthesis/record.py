"""Records of what was synthesised: the newest figures of each chip, router and node, as JSON."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.presets import PRESETS
from trispike.sim.synthesis.ecp5 import Fpga
from trispike.sim.synthesis.figures import BlockFigures, Synthesis
from trispike.sim.synthesis.node import NodeSynthesis, Part
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.timing import Hop, Link, Timing

Entry = Synthesis | Fpga | RouterSynthesis | NodeSynthesis
Key = tuple[str, str, int] | tuple[str, str, int, int] | tuple[str, str]
"""Library or device, network, lanes; of a router library, routing, dead links, depth; of a node
library and shape."""


def key(entry: Entry) -> Key:
    """What ``entry`` is the newest of."""
    if isinstance(entry, RouterSynthesis):
        return entry.library, entry.routing, entry.dead_links, entry.depth
    if isinstance(entry, NodeSynthesis):
        return entry.library, str(entry.shape)
    place = entry.library if isinstance(entry, Synthesis) else entry.device
    return place, entry.network, entry.lanes


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """``entries`` by library or device, then network as in the presets, then lanes.

    Routers come by library, dead links, routing and depth, nodes by library and shape.
    """

    def rank(each: Entry) -> tuple:
        if isinstance(each, RouterSynthesis):
            return each.library, each.dead_links, each.routing, each.depth
        if isinstance(each, NodeSynthesis):
            return each.library, *dataclasses.astuple(each.shape)
        return key(each)[0], list(PRESETS).index(each.network), each.lanes

    return sorted(entries, key=rank)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One kind of record: the name of its format, and what makes an entry of its fields."""

    format: str
    entry: Callable[[dict], Entry]

    def read(self, path: Path) -> dict[Key, Entry]:
        """The entries of the record ``path``, none if there is no such file.

        `BadInput`, naming the file, if it cannot be read or is not such a record.
        """
        try:
            whole = json.loads(path.read_bytes())
            if whole["format"] != self.format:
                raise ValueError("another format")
            entries = [self.entry(fields) for fields in whole["entries"]]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadInput(
                f"{path} is not a record of syntheses; restore it or remove it"
            ) from None
        return {key(entry): entry for entry in entries}

    def write(self, path: Path, entries: Iterable[Entry]) -> None:
        """Write ``entries`` to ``path``, whole or not at all; the same give the same bytes."""
        rows = [dataclasses.asdict(entry) for entry in ordered(entries)]
        text = json.dumps({"format": self.format, "entries": rows}, indent=1)
        write_atomically(path, f"{text}\n".encode())


def _known(fields: dict) -> None:
    if fields["network"] not in PRESETS:
        raise ValueError("an unknown network")


def _timing(fields: dict) -> Timing:
    hops = [{**hop, "signals": tuple(hop["signals"])} for hop in fields["path"]]
    return Timing(**{**fields, "path": tuple(Hop(**hop) for hop in hops)})


def _blocks(fields: list) -> tuple[BlockFigures, ...]:
    return tuple(BlockFigures(**block) for block in fields)


def _synthesis(fields: dict) -> Synthesis:
    _known(fields)
    whole = {
        "sizes": tuple(fields["sizes"]),
        "blocks": _blocks(fields["blocks"]),
        "timing": _timing(fields["timing"]),
    }
    return Synthesis(**{**fields, **whole})


def _router(fields: dict) -> RouterSynthesis:
    whole = {
        "units": _blocks(fields["units"]),
        "timing": _timing(fields["timing"]),
        "links": tuple(Link(**each) for each in fields["links"]),
    }
    made = RouterSynthesis(**{**fields, **whole})
    made.shape  # noqa: B018 - BadInput, which is a ValueError, if there is no such router
    return made


def _part(fields: dict) -> Part:
    return Part(blocks=_blocks(fields["blocks"]), timing=_timing(fields["timing"]))


def _node(fields: dict) -> NodeSynthesis:
    whole = {
        "interface": _part(fields["interface"]),
        "cluster": _part(fields["cluster"]),
        "between": BlockFigures(**fields["between"]),
        "timing": _timing(fields["timing"]),
        "router": _router(fields["router"]),
    }
    made = NodeSynthesis(**{**fields, **whole})
    made.shape  # noqa: B018 - as for a router
    return made


def _fpga(fields: dict) -> Fpga:
    _known(fields)
    used = {name: tuple(pair) for name, pair in fields["used"].items()}
    return Fpga(**{**fields, "sizes": tuple(fields["sizes"]), "used": used})


CELLS = Record(format="trispike-synthesis-1", entry=_synthesis)
ROUTER = Record(format="trispike-router-1", entry=_router)
NODE = Record(format="trispike-node-1", entry=_node)
ECP5 = Record(format="trispike-ecp5-1", entry=_fpga)
