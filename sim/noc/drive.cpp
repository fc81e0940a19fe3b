// Puts traffic into a Verilated mesh and writes down what comes out: see sim/noc/run.py.
//
// drive SCHEDULE RESULTS INJECT LIMIT READY SEED DEAD
//
// SCHEDULE holds 32-bit words in the byte order of the machine: for each node how many flits it
// sends; then for each flit, node by node, the cycle from which it is offered and the flit. Packets
// begin before the cycle INJECT only. A node takes a flit in a cycle with the chance READY (0 to
// 1), drawn anew each cycle from SEED. DEAD is the value of the port dead_links, if there is one.
// The run ends when nothing is under way any more, or after LIMIT cycles.
//
// RESULTS gets 64-bit words: cycles, nanoseconds; for each flit of SCHEDULE the cycle in which the
// mesh took it, or -1; for each node seven counts of flits that left its router by each port, its
// count of dropped flits and the ports that these wanted; then for each flit that a node was given
// its number, the cycle and the flit.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vtop.h"
#include "ports.h"

namespace {

constexpr int PORTS = 7;

struct Offer {
    uint32_t cycle;
    uint32_t flit;
};

[[noreturn]] void fail(const char* name) {
    std::perror(name);
    std::exit(1);
}

void read(std::FILE* file, const char* name, void* to, size_t size) {
    if (std::fread(to, 1, size, file) != size) fail(name);
}

// Whether a packet goes on after this flit: a memory flit (bit 0) whose command (bits 10 and 11)
// is KEPT. Only so that no packet is cut when the injection ends.
bool goes_on(uint32_t flit) { return (flit & 1) && (flit >> 10 & 3) == 1; }

uint64_t next(uint64_t& state) {  // xorshift64*
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1DULL;
}

// The seven bits of `sent` as seven bytes of a word, so that one addition counts all ports.
struct Apart {
    uint64_t of[1 << PORTS];
    Apart() {
        for (unsigned ports = 0; ports < 1 << PORTS; ++ports) {
            of[ports] = 0;
            for (int p = 0; p < PORTS; ++p) of[ports] |= static_cast<uint64_t>(ports >> p & 1) << 8 * p;
        }
    }
};

template <typename Top>
auto set_dead_links(Top& top, uint64_t dead, int) -> decltype(top.dead_links, void()) {
    top.dead_links = dead;
}
template <typename Top>
void set_dead_links(Top&, uint64_t, long) {}

}  // namespace

int main(int count, char** arguments) {
    if (count != 8) return 2;
    const uint64_t inject = std::strtoull(arguments[3], nullptr, 10);
    const uint64_t limit = std::strtoull(arguments[4], nullptr, 10);
    const double ready = std::strtod(arguments[5], nullptr);
    uint64_t random = std::strtoull(arguments[6], nullptr, 10) * 2 + 1;
    const uint64_t dead = std::strtoull(arguments[7], nullptr, 10);

    std::FILE* schedule = std::fopen(arguments[1], "rb");
    if (!schedule) fail(arguments[1]);
    std::vector<uint32_t> counts(NODES);
    read(schedule, arguments[1], counts.data(), NODES * sizeof(uint32_t));
    std::vector<size_t> at(NODES), end(NODES);  // of each node's flits: the next one, and the last
    size_t flits = 0;
    for (int n = 0; n < NODES; ++n) {
        at[n] = flits;
        end[n] = flits += counts[n];
    }
    std::vector<Offer> offers(flits);
    read(schedule, arguments[1], offers.data(), flits * sizeof(Offer));
    std::fclose(schedule);

    VerilatedContext context;
    const auto top = std::make_unique<Vtop>(&context);
    const auto nodes = std::make_unique<Nodes>(*top);
    std::vector<int64_t> taken(flits, -1), given;
    given.reserve(3 * flits);
    std::vector<uint64_t> sent(NODES * PORTS), recent(NODES);
    const Apart apart;
    std::vector<char> offering(NODES), accepting(NODES), open(NODES);

    const auto count_recent = [&] {
        for (int n = 0; n < NODES; ++n) {
            for (int p = 0; p < PORTS; ++p) sent[n * PORTS + p] += recent[n] >> 8 * p & 0xFF;
            recent[n] = 0;
        }
    };
    const auto cycle = [&] {
        top->clk = 0;
        top->eval();
        top->clk = 1;
        top->eval();
    };
    set_dead_links(*top, dead, 0);
    top->rst = 1;
    for (int k = 0; k < 4; ++k) cycle();
    top->rst = 0;
    for (int k = 0; k < 2; ++k) cycle();  // the reset itself passes a register

    const uint64_t threshold = ready >= 1 ? UINT64_MAX : static_cast<uint64_t>(ready * 0x1p64);
    uint64_t now = 0, quiet = 0;
    const auto begun = std::chrono::steady_clock::now();
    // Between two edges everything stands as it is during cycle `now`; what is set takes effect in
    // the next one.
    for (; now < limit && quiet < 64; ++now) {
        bool busy = false;
        for (int n = 0; n < NODES; ++n) {
            const Node& node = nodes->node[n];
            if (offering[n] && *node.offer_ready) {
                taken[at[n]] = static_cast<int64_t>(now);
                open[n] = goes_on(offers[at[n]].flit);
                offering[n] = 0;
                ++at[n];
            }
            if (!offering[n]) {
                const bool more = at[n] < end[n] && offers[at[n]].cycle <= now + 1 &&
                                  (open[n] || now + 1 < inject);
                *node.offer_valid = offering[n] = more;
                if (more) *node.offer_flit = offers[at[n]].flit;
            }
            busy |= offering[n];
            if (*node.take_valid) {
                busy = true;
                if (accepting[n]) {
                    given.insert(given.end(), {n, static_cast<int64_t>(now), *node.take_flit});
                }
            }
            accepting[n] = threshold == UINT64_MAX || next(random) < threshold;
            *node.take_ready = accepting[n];
            busy |= *node.sent != 0;
            recent[n] += apart.of[*node.sent];
        }
        if (now % 255 == 254) count_recent();
        cycle();
        quiet = busy || now < inject ? 0 : quiet + 1;
    }
    const auto spent = std::chrono::steady_clock::now() - begun;
    count_recent();

    std::FILE* results = std::fopen(arguments[2], "wb");
    if (!results) fail(arguments[2]);
    bool written = true;
    const auto put = [&](const auto* words, size_t n) {
        written &= std::fwrite(words, sizeof *words, n, results) == n;
    };
    const uint64_t head[] = {
        now, static_cast<uint64_t>(
                 std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count())};
    put(head, 2);
    put(taken.data(), taken.size());
    for (int n = 0; n < NODES; ++n) {
        put(&sent[n * PORTS], PORTS);
        const uint64_t status[] = {*nodes->node[n].dropped, *nodes->node[n].dropped_ports};
        put(status, 2);
    }
    put(given.data(), given.size());
    if (std::fclose(results) || !written) fail(arguments[2]);
    top->final();
    return 0;
}
