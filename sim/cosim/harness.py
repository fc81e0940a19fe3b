"""The simulation-only SystemVerilog around a chip: clock, stimulus from files, captures to files.

Waking Python at every clock edge costs more than the chip's own evaluation. The harness moves the
clock and the transport of stimulus and captures into compiled code; cocotb starts it, ends
it and judges what it captured. The chip inside is the exported Verilog, byte for byte: the harness
looks at it through hierarchical references.

Files, all in the run's folder, hexadecimal without prefix:

=================== ============================================================================
configuration.hex   one `rtl.layers.configuration.Write` a line
stimulus.hex        one input spike vector a line
layer_K.spikes      ``CYCLE VECTOR`` a line: layer K's output vector and the cycle it was taken in
layer_K.potentials  ``CYCLE POTENTIALS`` a line: all potentials of layer K as it fires, 18 bits
                    each, neuron 0 lowest (only with ``+potentials``)
results             ``CYCLE PAYLOAD`` a line: a prediction and the cycle it was taken in
=================== ============================================================================

Cycle 0 is the first cycle with a valid input vector.

With ``+chunk=N`` the captures are closed after every Nth prediction and after the last one, and
``chunks`` counts that. Simulated time stands still while cocotb, which waits for it, reads and
removes them; the next clock edge opens new ones and the pipeline never knows. The layers are ahead
of the read-out by then: captures hold steps of later predictions too. The stimulus may be written
chunk by chunk as well, by whoever stays far enough ahead that its end is never met too early.
"""

from amaranth.hdl import Shape

from trispike.models.network.description import NetworkShape
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.layers.configuration import Write
from trispike.rtl.neuron.pe import PEState

TOP = "bench"

CLOCK_HALF_PERIOD_NS = 3
"""Half a clock period: 6 ns is 166.7 MHz, TW-SNN's clock rounded to whole nanoseconds."""


def harness(shape: NetworkShape, module: str) -> str:
    """SystemVerilog of the bench around ``module``, the chip exported for ``shape``."""
    layers = range(len(shape.layers))
    write_bits = Shape.cast(Write).width
    result_bits = Shape.cast(result_layout(shape.sizes[-1])).width
    captures = "\n".join(_capture(k, layer.neurons) for k, layer in enumerate(shape.layers))
    opens = "\n".join(
        f'    spikes_{k} = $fopen("layer_{k}.spikes", "w");\n'
        f'    if (potentials) potentials_{k} = $fopen("layer_{k}.potentials", "w");'
        for k in layers
    )
    closes = "\n".join(
        f"    $fclose(spikes_{k});\n    if (potentials) $fclose(potentials_{k});" for k in layers
    )
    files = ", ".join(f"spikes_{k}, potentials_{k}" for k in layers)
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
  logic [{shape.sizes[0] - 1}:0] i_payload, next_vector;
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

  int configuration, stimulus, results, {files}, expected, chunk;
  bit potentials, running = 0, capturing = 0;
  task open_captures;
    results = $fopen("results", "w");
{opens}
    capturing = 1;
  endtask

  task close_captures;
    $fclose(results);
{closes}
    capturing = 0;
  endtask

  always @(posedge start) begin
    potentials = $test$plusargs("potentials") != 0;
    if ($value$plusargs("predictions=%d", expected) == 0) expected = 0;
    if ($value$plusargs("chunk=%d", chunk) == 0) chunk = expected;
    configuration = $fopen("configuration.hex", "r");
    stimulus = $fopen("stimulus.hex", "r");
    running = 1;
  end

  always @(negedge start) begin
    running = 0;
    if (capturing) close_captures();
  end

  longint cycle = 0;
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
        configured <= 1;
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
{captures}
    if (result_valid) begin
      $fwrite(results, "%0d %h\\n", cycle, result_payload);
      predictions <= predictions + 1;
      if (predictions + 1 == expected || (predictions + 1) % chunk == 0) begin
        close_captures();
        chunks <= chunks + 1;
      end
    end
  end
endmodule
"""


def _capture(k: int, neurons: int) -> str:
    layer = f"chip.layer_{k}"
    potentials = ", ".join(f"{layer}.pe_{n}.potential" for n in reversed(range(neurons)))
    return f"""\
    if ({layer}.o__valid && {layer}.o__ready)
      $fwrite(spikes_{k}, "%0d %h\\n", cycle, {layer}.o__payload);
    if (potentials && {layer}.flow.state == {PEState.FIRE.value})
      $fwrite(potentials_{k}, "%0d %h\\n", cycle, {{{potentials}}});"""
