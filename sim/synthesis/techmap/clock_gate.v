// Registers with an enable: their clock is gated, where a gate costs less than a multiplexer for each
// bit. `clock_gate` is a cell of the library, or a few: see sim/synthesis/clock_gates.py.

(* techmap_celltype = "$dffe" *)
module trispike_register (CLK, EN, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  input CLK, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire _TECHMAP_FAIL_ = WIDTH < `LEAST_GATED || !CLK_POLARITY;

  wire gated;
  clock_gate gate (.clk(CLK), .enable(EN_POLARITY ? EN : ~EN), .gated(gated));
  \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(1)) register (.CLK(gated), .D(D), .Q(Q));
endmodule

// With a reset, too, which opens the gate unless the enable is to hold it back.
(* techmap_celltype = "$sdffe $sdffce" *)
module trispike_register_with_reset (CLK, EN, SRST, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  parameter SRST_POLARITY = 1;
  parameter SRST_VALUE = 0;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam HELD_BACK = _TECHMAP_CELLTYPE_ == "$sdffce";
  input CLK, EN, SRST;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire _TECHMAP_FAIL_ = WIDTH < `LEAST_GATED || !CLK_POLARITY;

  wire enable = EN_POLARITY ? EN : ~EN;
  wire reset = SRST_POLARITY ? SRST : ~SRST;
  wire gated;
  clock_gate gate (.clk(CLK), .enable(enable | (reset & !HELD_BACK)), .gated(gated));
  \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(1)) register (
    .CLK(gated), .D(reset ? SRST_VALUE[WIDTH-1:0] : D), .Q(Q)
  );
endmodule
