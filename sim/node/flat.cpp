// A whole scalable chip Verilated as one, held to the host's ports as the chip of sim/node/chip.h had
// them, cycle by cycle.
//
// flat TRACE
//
// TRACE: two 64-bit words a cycle. The first: host_i valid and ready, host_o valid and ready, from bit
// 0 up. The second: the flit of host_i in its lower half, that of host_o in its upper half. Prints the
// number of cycles that were the same, and ends with status 1 if that is not all of them.

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "Vtop.h"

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
    uint64_t words[2], cycles = 0;
    bool same = true;
    for (; same && std::fread(words, sizeof words, 1, trace) == 1; cycles += same) {
        const bool i_valid = words[0] & 1, i_ready = words[0] >> 1 & 1;
        const bool o_valid = words[0] >> 2 & 1, o_ready = words[0] >> 3 & 1;
        top->PORT(i, valid) = i_valid;
        top->PORT(i, payload) = static_cast<uint32_t>(words[1]);
        top->PORT(o, ready) = o_ready;
        same = top->PORT(i, ready) == i_ready && top->PORT(o, valid) == o_valid &&
               (!o_valid || top->PORT(o, payload) == words[1] >> 32);
        clock(*top);
    }
    std::printf("%" PRIu64 "\n", cycles);
    std::fclose(trace);
    return same ? 0 : 1;
}
