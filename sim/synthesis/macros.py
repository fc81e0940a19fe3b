"""Memory macros as OpenSTA sees them: no area, no delay."""

from trispike.sim.synthesis.flow import Mapped

_HEAD = """\
library (trispike_macros) {{
  delay_model : table_lookup;
  time_unit : "1ns";
  voltage_unit : "1V";
  current_unit : "1uA";
  pulling_resistance_unit : "1kohm";
  leakage_power_unit : "1nW";
  capacitive_load_unit ({unit});
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
"""
_BUS_TYPE = """\
  type (bus_{width}) {{
    base_type : array; data_type : bit; bit_width : {width}; bit_from : {high}; bit_to : 0;
    downto : true;
  }}
"""
_CLOCK = "    pin (clk) {{ direction : input; clock : true; capacitance : {load}; }}\n"
_INPUT = """\
    {kind} ({name}) {{ {bus}direction : input; capacitance : {load};
      timing () {{ related_pin : "clk"; timing_type : setup_rising;
        rise_constraint (scalar) {{ values ("0"); }} fall_constraint (scalar) {{ values ("0"); }}
      }}
    }}
"""
_OUTPUT = """\
    {kind} ({name}) {{ {bus}direction : output;
      timing () {{ related_pin : "clk"; timing_type : rising_edge;
        cell_rise (scalar) {{ values ("0"); }} cell_fall (scalar) {{ values ("0"); }}
        rise_transition (scalar) {{ values ("0"); }} fall_transition (scalar) {{ values ("0"); }}
      }}
    }}
"""


def liberty_of(mapped: Mapped) -> str:
    """A Liberty library with the memory macros of ``mapped``.

    They answer at the clock edge, without access or setup time: the slack of a path from or to one
    is the time that a real macro may take. An input has the load of a NAND2's.
    """
    unit = mapped.library.cells[mapped.nand2]
    load = unit.pins[unit.inputs[0]].capacitance
    macros = [module for module in mapped.netlist.modules.values() if module.macro]
    widths = {len(bits) for each in macros for _, bits in each.ports.values() if len(bits) > 1}
    parts = [_HEAD.format(unit=mapped.library.capacitive_load_unit)]
    parts += [_BUS_TYPE.format(width=width, high=width - 1) for width in sorted(widths)]
    for macro in macros:
        parts.append(f"  cell ({macro.name}) {{ area : 0;\n")
        for name, (direction, bits) in macro.ports.items():
            if name == "clk":
                parts.append(_CLOCK.format(load=load))
                continue
            form = _INPUT if direction == "input" else _OUTPUT
            vector = len(bits) > 1
            bus = f"bus_type : bus_{len(bits)}; " if vector else ""
            kind = "bus" if vector else "pin"
            parts.append(form.format(kind=kind, name=name, bus=bus, load=load))
        parts.append("  }\n")
    return "".join([*parts, "}\n"])
