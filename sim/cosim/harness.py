"""The simulation-only SystemVerilog around a chip: clock, stimulus from files, captures to files.

Waking Python at every clock edge costs more than the chip's own evaluation. The harness moves the
clock and the transport of stimulus and captures into compiled code; cocotb starts it, ends
it and judges what it captured. The chip inside is the exported Verilog, byte for byte: the harness
looks at it through hierarchical references.

Files, all in the run's folder, hexadecimal without prefix:

=================== ============================================================================
configuration.hex   one write of `rtl.layers.configuration.write_layout` a line
stimulus.hex        one input spike vector, or position of maps, a line
layer_K.NAME        ``CYCLE VALUES`` a line: what layer K's probe NAME shows, the first value
                    lowest, and the cycle (of a costly probe only with ``+potentials``)
results             ``CYCLE PAYLOAD`` a line: a prediction and the cycle it was taken in
waves               the waveform, see below
timeline            `sim.timeline.log`, with ``+timeline=N``, until N predictions are out
=================== ============================================================================

Cycle 0 is the first cycle with a valid input vector.

With ``+chunk=N`` the captures are closed after every Nth prediction and after the last one, and
``chunks`` counts that. Simulated time stands still while cocotb, which waits for it, reads and
removes them; the next clock edge opens new ones and the pipeline never knows. The layers are ahead
of the read-out by then: captures hold steps of later predictions too. The stimulus may be written
chunk by chunk as well, by whoever stays far enough ahead that its end is never met too early.

A harness with ``waves`` and ``+waves=N`` traces all signals from the cycle in which the network is
loaded until N predictions are out. It ends the simulation once the shard is withdrawn
(`sim.cosim.shard.withdraw`), so that the waveform is closed: FST has its header only then. SIGTERM,
which batch systems send to children too when a time limit is over, withdraws the shard.
"""

from amaranth import Shape

from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.layers import LAYERS
from trispike.rtl.layers.configuration import write_layout
from trispike.rtl.layers.layer import input_layout
from trispike.rtl.probe import Probe
from trispike.rtl.view import Radix, View, below
from trispike.sim.cosim.shard import PARENT
from trispike.sim.timeline import log
from trispike.sim.tools.waveform import WAVES

TOP = "bench"

_WANTED_CYCLES = 64
"""Cycles after which a traced simulation looks again whether it is wanted."""

_NEURONS = 4
"""Neurons of each layer that a waveform viewer shows first."""

CLOCK_HALF_PERIOD_NS = 3
"""Half a clock period: 6 ns is 166.7 MHz, TW-SNN's clock rounded to whole nanoseconds."""


def probes(shape: NetworkShape) -> list[tuple[int, Probe]]:
    """Every probe of the chip of ``shape``, with the number of its layer from 0."""
    layers = enumerate(shape.layers)
    return [(k, probe) for k, layer in layers for probe in LAYERS[type(layer)].probes(layer)]


def views(shape: NetworkShape) -> dict[str, tuple[View, ...]]:
    """What a viewer should show of the bench round a chip of ``shape``, by block."""
    own = {
        "clock": (View(signal="clk"), View(signal="cycle", bits=64, reads=Radix.UNSIGNED)),
        "input": (
            View(signal="i_valid"),
            View(signal="i_ready"),
            View(signal="i_payload", bits=_input_bits(shape)),
        ),
    }
    chip = {name: below("chip", each) for name, each in Chip.views(shape, _NEURONS).items()}
    return {name: below(TOP, each) for name, each in (own | chip).items()}


def _input_bits(shape: NetworkShape) -> int:
    return Shape.cast(input_layout(shape.layers[0])).width


def harness(shape: NetworkShape, module: str, *, waves: bool = False) -> str:
    """SystemVerilog of the bench around ``module``, the chip exported for ``shape``."""
    looked_at = probes(shape)
    input_bits = _input_bits(shape)
    write_bits = write_layout(shape.layers).size
    result = result_layout(shape.sizes[-1], shape.read_out, shape.groups, stops=shape.stops)
    result_bits = result.size
    captures = [_capture(k, probe) for k, probe in looked_at]
    lines = "\n".join
    opens, closes = [], []
    for k, probe in looked_at:
        wanted, file = "if (potentials) " if probe.costly else "", f"{probe.name}_{k}"
        opens.append(f'    {wanted}{file} = $fopen("layer_{k}.{probe.name}", "w");')
        closes.append(f"    {wanted}$fclose({file});")
    files = ", ".join(f"{probe.name}_{k}" for k, probe in looked_at)
    tracing, trace = (_TRACING, "\n        if (traced > 0) start_trace();") if waves else ("", "")
    return f"""\
// Simulation-only bench of {module}: see sim/cosim/harness.py.
`timescale 1ns/1ps
module {TOP} (
    input  logic        start /* verilator public_flat_rw */,
    output logic        done /* verilator public_flat_rw */,
    output logic [31:0] predictions /* verilator public_flat_rw */,
    output logic [31:0] chunks /* verilator public_flat_rw */
);
  logic clk = 0;
  always #{CLOCK_HALF_PERIOD_NS}ns clk = ~clk;

  logic rst = 1;
  logic [{write_bits - 1}:0] configuration_payload, next_write;
  logic configuration_valid = 0, configuration_ready, configured = 0;
  logic [{input_bits - 1}:0] i_payload, next_vector;
  logic i_valid = 0, i_ready, started = 0;
  logic [{result_bits - 1}:0] result_payload;
  logic result_valid;
  {module} chip (
      .clk(clk), .rst(rst),
      .configuration__payload(configuration_payload),
      .configuration__valid(configuration_valid), .configuration__ready(configuration_ready),
      .i__payload(i_payload), .i__valid(i_valid), .i__ready(i_ready),
      .result__payload(result_payload), .result__valid(result_valid), .result__ready(1'b1)
  );

{_log(shape)}
  int configuration, stimulus, results, {files}, expected, chunk;
  bit potentials, running = 0, capturing = 0;
  task open_captures;
    results = $fopen("results", "w");
{lines(opens)}
    capturing = 1;
  endtask

  task close_captures;
    $fclose(results);
{lines(closes)}
    capturing = 0;
  endtask

  always @(posedge start) begin
    potentials = $test$plusargs("potentials") != 0;
    if ($value$plusargs("predictions=%d", expected) == 0) expected = 0;
    if ($value$plusargs("chunk=%d", chunk) == 0) chunk = expected;
    configuration = $fopen("configuration.hex", "r");
    stimulus = $fopen("stimulus.hex", "r");
    if ($value$plusargs("timeline=%d", logged) == 0) logged = 0;
    if (logged > 0) timeline = $fopen("{log.FILE}", "w");
    running = 1;
  end

  always @(negedge start) begin
    running = 0;
    if (capturing) close_captures();
    if (logged > 0) $fclose(timeline);
    logged = 0;
  end

  logic [63:0] cycle = 0;
  initial {{predictions, chunks}} = 0;
  assign done = running && predictions == expected;

  always @(posedge clk) if (running) begin
    rst <= 0;
    if (!capturing) open_captures();
    if (!rst && !configured && (!configuration_valid || configuration_ready)) begin
      if ($fscanf(configuration, "%h\\n", next_write) == 1) begin
        configuration_valid <= 1;
        configuration_payload <= next_write;
      end else begin
        configuration_valid <= 0;
        configured <= 1;{trace}
      end
    end
    if (configured && (!i_valid || i_ready)) begin
      started <= 1;
      if ($fscanf(stimulus, "%h\\n", next_vector) == 1) begin
        i_valid <= 1;
        i_payload <= next_vector;
      end else i_valid <= 0;
    end
    if (started) cycle <= cycle + 1;
    if (started && logged > 0) log_cycle();
{lines(captures)}
    if (result_valid) begin
      $fwrite(results, "%0d %h\\n", cycle, result_payload);
      predictions <= predictions + 1;
      if (predictions + 1 == expected || (predictions + 1) % chunk == 0) begin
        close_captures();
        chunks <= chunks + 1;
      end
    end
  end
{tracing}endmodule
"""


_TRACING = f"""
`systemc_imp_header
#include <csignal>
#include <unistd.h>
`verilog

  int traced = 0, parent;
  bit tracing = 0;
  always @(posedge start) void'($value$plusargs("waves=%d", traced));

  task start_trace;
    // Python, which is not called meanwhile, could not take the signal.
    $c("std::signal(SIGTERM, [](int) {{ unlink(\\"{PARENT}\\"); }});");
    $dumpfile("{WAVES}");
    $dumpvars;
    tracing = 1;
  endtask

  always @(posedge clk) if (started && traced > 0) begin
    if (tracing && predictions == traced) begin
      $c("vlSymsp->_traceDumpClose();");  // $dumpoff does nothing here
      tracing = 0;
    end
    if (cycle % {_WANTED_CYCLES} == 0) begin
      parent = $fopen("{PARENT}", "r");
      if (parent == 0) $finish;
      else $fclose(parent);
    end
  end
"""


def _log(shape: NetworkShape) -> str:
    """Task ``log_cycle``, which writes the log of a timeline: a line for what has changed."""
    names, writes = [], []
    for k, layer in enumerate(shape.layers):
        activity = LAYERS[type(layer)].activity(layer)
        named = {name: f"chip.layer_{k}.{name}" for name in (*activity.input, *activity.output)}
        does = ", ".join(
            f"chip.layer_{k}.{name}" for name in (activity.state, activity.busy, activity.ready)
        )
        names.append(f"did_{k} = -1")
        writes.append(f"""\
    if (int'({{{does}}}) != did_{k}) begin
      did_{k} = int'({{{does}}});
      $fwrite(timeline, "a {k} %0d %h\\n", cycle, did_{k});
    end""")
        taken = [("i", activity.input)] * (k == 0) + [("o", activity.output)] * layer.fires
        for kind, (valid, ready, payload) in taken:
            writes.append(f"""\
    if ({named[valid]} && {named[ready]})
      $fwrite(timeline, "{kind} {k} %0d %h\\n", cycle, {named[payload]});""")
    lines = "\n".join(writes)
    return f"""
  int timeline, logged = 0, {", ".join(names)};
  task log_cycle;
    if (result_valid) $fwrite(timeline, "r 0 %0d %h\\n", cycle, result_payload);
{lines}
    if (result_valid && predictions + 1 == logged) begin
      $fclose(timeline);
      logged = 0;
    end
  endtask
"""


def _capture(k: int, probe: Probe) -> str:
    layer = f"chip.layer_{k}"
    valid = [f"{layer}.{signal} == {value}" for signal, value in probe.valid]
    valid += ["potentials"] if probe.costly else []
    values = ", ".join(f"{layer}.{signal}" for signal in reversed(probe.signals))
    return f"""\
    if ({" && ".join(valid)})
      $fwrite({probe.name}_{k}, "%0d %h\\n", cycle, {{{values}}});"""
