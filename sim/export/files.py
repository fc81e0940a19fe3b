"""`make verilog`: a fixed chip, a mesh or a scalable chip as files for synthesis."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from amaranth.lib import data

from trispike.models.errors import BadInput
from trispike.models.mesh.memory_map import memory_map
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import Port, RouterShape
from trispike.models.network import memory_image
from trispike.models.network.layers import BankShape, Dense, Layer
from trispike.models.network.neuron import INTEGRATE_AND_FIRE
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.chip.program import network_writes
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.hierarchy import Block, flat_ports
from trispike.rtl.layers.configuration import (
    constants_layout,
    timesteps_layout,
    write_layout,
)
from trispike.rtl.layers.weight_memory import Part, parts
from trispike.rtl.noc.flit import MemoryFlit, SpikeFlit
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.noc.route import DeadLinkEntry
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.rtl.verilog import export
from trispike.sim.report import records
from trispike.sim.tools.build import WAIVERS

_CLOCK = {"port": "clk", "edge": "rising"}
_RESET = {"port": "rst", "active": "high", "synchronous": True}


def _ports(block: Block) -> list[dict]:
    ports = [{"name": name, "direction": "input", "width": 1} for name in ("clk", "rst")]
    for name, (kind, value) in flat_ports(block).items():
        direction = "input" if kind == "i" else "output"
        ports.append({"name": name, "direction": direction, "width": len(value)})
    return ports


def _fields(layout) -> list[dict]:
    """Fields of ``layout``: name, lowest bit, width."""
    return [
        {"name": str(name), "lowest_bit": field.offset, "width": field.width}
        for name, field in data.Layout.cast(layout)
    ]


def _image(layer: int, part: Part) -> str:
    return f"layer_{layer}_{part.name}.mem"


def _memories(chip: Chip) -> list[dict]:
    """Every memory bank; those of weights have an image."""
    memories = []
    for k, layer in enumerate(chip.shape.layers):
        memories += [
            _bank(f"layer_{k}.memory.{part.name}", part.shape, image=_image(k, part))
            for part in parts(layer)
        ]
        if not layer.maps:
            continue
        memories += [
            _bank(f"layer_{k}.encoder.lane_{lane}.buffer.row_{row}_bank_{b}", bank)
            for lane in range(layer.lanes)
            for row in range(layer.maps.buffer_rows)
            for b, bank in enumerate(layer.line_banks)
        ]
        for part, banks in (("pool", layer.pool_banks), ("state_memory", layer.kept_banks)):
            memories += [_bank(f"layer_{k}.{part}.bank_{b}", bank) for b, bank in enumerate(banks)]
    return memories


def _bank(instance: str, bank: BankShape, **more: str) -> dict:
    return {"instance": instance, **_module(bank), **more}


def _module(bank: BankShape) -> dict:
    return {"module": f"sram_{bank.rows}x{bank.width}", "rows": bank.rows, "width": bank.width}


def _json(description: dict) -> str:
    return json.dumps(description, indent=1) + "\n"


def _hexadecimal(words, bits: int) -> str:
    digits = -(-bits // 4)
    return "".join(f"{word:0{digits}x}\n" for word in words)


def _parameters(layers: Sequence[Layer]) -> dict[str, object]:
    """What the data of configuration writes mean: once if it is the same in all layers."""
    data = "configuration__payload.data of"
    meanings = [
        {
            f"{data} CONSTANTS": _fields(constants_layout(layer)),
            f"{data} BIAS, rows": {
                field.name: {
                    "rows": field.words_a_bank,
                    "bits": field.bits,
                    "distance": field.slot_bits,
                }
                for field in layer.neuron_fields
            },
        }
        for layer in layers
    ]
    if all(layer.fields == Dense(inputs=1, neurons=1).fields for layer in layers):
        return {f"{data} CONSTANTS": meanings[0][f"{data} CONSTANTS"]}
    return {
        f"{name} of layer {k}": meaning
        for k, layer in enumerate(meanings)
        for name, meaning in layer.items()
    }


def _read_out(shape: NetworkShape) -> dict[str, object]:
    """What the data of a write to TIMESTEPS mean, where it is more than the number of them."""
    told = _fields(timesteps_layout(shape))
    return {"configuration__payload.data of TIMESTEPS": told} if len(told) > 1 else {}


def files(network: Network, lanes: int | Sequence[int]) -> dict[str, str]:
    """Everything that `make verilog` writes for ``network`` with ``lanes``: file name to text.

    - a Verilog file for each module, and ``TOP.f``, their list with the top last;
    - ``lint.vlt``, the waivers that make ``verilator --lint-only -Wall`` clean, with reasons;
    - ``layer_K_lane_L_bank_B.mem``, the weight memories for ``$readmemh``, or one for each part of
      a bank, ``layer_K_lane_L_bank_B_part_P.mem``;
    - ``configuration.mem``, all writes that load the network through the configuration port, one
      timestep per prediction, after those that it skips;
    - ``TOP.json``: ports, payload layouts and memories, and an order of inputs if there is one.
    """
    shape = network.shape.with_lanes(lanes)
    chip = Chip(shape=shape)
    top = chip.module_name
    modules = export(chip)
    texts = {f"{name}.v": text for name, text in modules.items()}
    texts[f"{top}.f"] = "".join(f"{name}\n" for name in ["lint.vlt", *texts])
    texts["lint.vlt"] = WAIVERS.read_text()
    for k, (layer, layer_shape) in enumerate(zip(network.layers, shape.layers, strict=True)):
        words = [memory_image.weight_words(layer, bank) for bank in range(len(layer_shape.banks))]
        for part in parts(layer_shape):
            of_lane = words[part.bank][part.lane :: layer_shape.lanes]
            here = of_lane[part.rows.start : part.rows.stop]
            here += [0] * (part.shape.rows - len(here))
            texts[_image(k, part)] = _hexadecimal(here, part.shape.width)
    layout = write_layout(shape.layers)
    writes = network_writes(network, network.skip + 1)
    texts["configuration.mem"] = _hexadecimal(writes, layout.size)
    description = {
        "top": top,
        "network": str(network.shape),
        "clock": _CLOCK,
        "reset": _RESET,
        "ports": _ports(chip),
        "payloads": {
            "configuration__payload": _fields(layout),
            **_parameters(shape.layers),
            **_read_out(shape),
            "result__payload": _fields(
                result_layout(shape.sizes[-1], shape.read_out, shape.groups, stops=shape.stops)
            ),
        },
        "lanes": lanes if isinstance(lanes, int) else list(lanes),
        **({"value of the data of each input": network.order.values} if network.order else {}),
        "memory_bits": shape.memory_bits,
        "memories": _memories(chip),
        "files": sorted([*texts, f"{top}.json"]),
    }
    texts[f"{top}.json"] = _json(description)
    return texts


def mesh_files(mesh: Mesh) -> dict[str, str]:
    """Everything that `make verilog` writes for ``mesh``: file name to text.

    A Verilog file for each module, ``TOP.f``, ``lint.vlt``, and ``TOP.json``: ports and flits.
    """
    return _files_with_flits(
        mesh,
        mesh=str(mesh.shape),
        router=mesh.router,
        about={"bits of sent and dropped_ports": [port.name.lower() for port in Port]},
    )


def scalable_files(chip: ScalableChip) -> dict[str, str]:
    """Everything that `make verilog` writes for ``chip``, as `mesh_files`; and the memory map."""
    node = chip.node
    return _files_with_flits(
        chip,
        mesh=str(chip.mesh),
        router=chip.router,
        about={
            "node": _node(node),
            "first line of each region of a node's memory": {
                line.name.lower(): int(line) for line in memory_map(node)
            },
            "memories of a node": [_module(part.shape) for part in parts(node.layer)],
        },
    )


def _node(node: NodeShape) -> dict[str, object]:
    """What ``node`` is; nothing of its neurons if they are the seed's."""
    described = records.plain(node)
    if node.neuron == INTEGRATE_AND_FIRE:  # which has no step and nothing to forget
        for name in ("neuron", "step", "forgets"):
            del described[name]
    return described


def _files_with_flits(block: Block, *, mesh: str, router: RouterShape, about: dict):
    top = block.module_name
    texts = {f"{name}.v": text for name, text in export(block).items()}
    texts[f"{top}.f"] = "".join(f"{name}\n" for name in ["lint.vlt", *texts])
    texts["lint.vlt"] = WAIVERS.read_text()
    payloads = {"a spike flit": _fields(SpikeFlit), "a memory flit": _fields(MemoryFlit)}
    if router.dead_links:
        payloads["an entry of dead_links, the first in the lowest bits"] = _fields(DeadLinkEntry)
    description = {
        "top": top,
        "mesh": mesh,
        "router": str(router),
        "clock": _CLOCK,
        "reset": _RESET,
        "ports": _ports(block),
        "payloads": payloads,
        **about,
        "files": sorted([*texts, f"{top}.json"]),
    }
    texts[f"{top}.json"] = _json(description)
    return texts


def _stale(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Files in ``folder`` that an earlier export wrote and this one does not."""
    stale = set()
    there = {path.name for path in folder.iterdir() if path.is_file()}
    tops = ("trispike_*.json", "mesh_*.json", "scalable_chip_*.json")
    for description in (json_file for top in tops for json_file in folder.glob(top)):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            names = json.loads(description.read_text())["files"]
            stale |= there.intersection(names) - texts.keys()
    return [folder / name for name in stale]


def write(texts: dict[str, str], folder: Path, command: str) -> None:
    """Write the files of `files` to ``folder`` and remove those of an earlier export.

    The JSON begins with the ``command`` that made them. All are written before the first is moved
    there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
        try:
            for name, text in texts.items():
                if name.endswith(".json"):
                    text = _json({"command": command, **json.loads(text)})
                (stage / name).write_text(text)
            for path in _stale(folder, texts):
                path.unlink(missing_ok=True)
            for name in texts:
                os.replace(stage / name, folder / name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise BadInput(
            f"cannot write to {folder}: {error.strerror}; name a folder with space by OUTPUT="
        ) from None
