// A whole scalable chip Verilated as one, held to the host's ports as the chip of sim/node/chip.h had
// them, cycle by cycle.
//
// flat TRACE
//
// TRACE: `HostPorts` of each cycle, see sim/node/formats.py. Prints the number of cycles that were the
// same, and ends with status 1 if that is not all of them.

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "Vtop.h"
#include "trace.h"

#define PORT(stream, member) stream##___05F##member  // Verilator's name for stream__member

namespace {

void clock(Vtop& top) {
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    std::FILE* const trace = std::fopen(arguments[1], "rb");
    if (!trace) return 2;
    VerilatedContext context;
    const auto top = std::make_unique<Vtop>(&context);
    top->PORT(i, valid) = top->PORT(o, ready) = 0;
    top->rst = 1;
    for (int k = 0; k < 4; ++k) clock(*top);
    top->rst = 0;
    for (int k = 0; k < 4; ++k) clock(*top);
    HostPorts shown;
    uint64_t cycles = 0;
    bool same = true;
    for (; same && std::fread(&shown, sizeof shown, 1, trace) == 1; cycles += same) {
        top->PORT(i, valid) = shown.i_valid;
        top->PORT(i, payload) = shown.i_payload;
        top->PORT(o, ready) = shown.o_ready;
        same = top->PORT(i, ready) == shown.i_ready && top->PORT(o, valid) == shown.o_valid &&
               (!shown.o_valid || top->PORT(o, payload) == shown.o_payload);
        clock(*top);
    }
    std::printf("%" PRIu64 "\n", cycles);
    std::fclose(trace);
    return same ? 0 : 1;
}
