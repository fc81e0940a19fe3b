// Adders and comparators as ripple chains: the smallest form, and the PE's additions are short
// enough for it. Yosys would make look-ahead carries of gates, twice as large.

// One full adder a bit; `trispike_full_adder` becomes the library's own cell where it has one. The
// top bit needs no carry.
(* techmap_celltype = "$add $sub" *)
module trispike_adder (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam SUBTRACT = _TECHMAP_CELLTYPE_ == "$sub";
  localparam SIGNED = A_SIGNED && B_SIGNED;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire [Y_WIDTH-1:0] a, b;
  \$pos #(.A_SIGNED(SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
  \$pos #(.A_SIGNED(SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
  wire [Y_WIDTH-1:0] addend = SUBTRACT ? ~b : b;
  wire [Y_WIDTH-1:0] carry;
  assign carry[0] = SUBTRACT;
  genvar k;
  generate
    for (k = 0; k < Y_WIDTH - 1; k = k + 1) begin : bits
      trispike_full_adder adder (
        .A(a[k]), .B(addend[k]), .C(carry[k]), .S(Y[k]), .CO(carry[k+1])
      );
    end
  endgenerate
  assign Y[Y_WIDTH-1] = a[Y_WIDTH-1] ^ addend[Y_WIDTH-1] ^ carry[Y_WIDTH-1];
endmodule

// Whether A is greater than B: the carry out of A + ~B, a majority gate a bit and no sum.
(* techmap_celltype = "$lt $le $gt $ge" *)
module trispike_comparator (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam LESS = _TECHMAP_CELLTYPE_ == "$lt" || _TECHMAP_CELLTYPE_ == "$le";
  localparam EQUAL = _TECHMAP_CELLTYPE_ == "$le" || _TECHMAP_CELLTYPE_ == "$ge";
  localparam SIGNED = A_SIGNED && B_SIGNED;
  localparam WIDTH = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire [WIDTH-1:0] a, b;
  \$pos #(.A_SIGNED(SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(WIDTH)) extend_a (.A(A), .Y(a));
  \$pos #(.A_SIGNED(SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(WIDTH)) extend_b (.A(B), .Y(b));
  wire [WIDTH-1:0] high = LESS ? b : a;
  wire [WIDTH-1:0] low = LESS ? a : b;
  wire [WIDTH:0] carry;
  assign carry[0] = EQUAL;
  genvar k;
  generate
    for (k = 0; k < WIDTH; k = k + 1) begin : bits
      // The sign bit counts the other way round.
      wire one = SIGNED && k == WIDTH - 1 ? low[k] : high[k];
      wire other = SIGNED && k == WIDTH - 1 ? high[k] : low[k];
      assign carry[k+1] = (one & ~other) | (carry[k] & (one | ~other));
    end
  endgenerate
  assign Y = carry[WIDTH];
endmodule
