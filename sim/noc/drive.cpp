// Puts traffic into a Verilated mesh and writes down what comes out: see sim/noc/run.py.
//
// drive SCHEDULE RESULTS WAVES PROGRESS
//
// SCHEDULE: `Settings`; the number of flits of each node; an `Offer` for each flit, node by node: the
// cycle from which it is offered, and the flit. RESULTS: `Head`; for each flit of SCHEDULE the cycle
// in which the mesh took it, or -1; for each node seven counts of flits that left its router by each
// port, in all and then before the cycles `warmup` and `inject`; a `Drops` for each node; a `Delivery`
// for each flit that a node was given. WAVES: the waveform of the cycles from `wave_first` to `wave_last`,
// of a program that can write one. PROGRESS: a `Done` of the cycles in which packets begin, ever anew.
//
// Packets begin before the cycle `inject` only. A node takes a flit in a cycle with the chance
// `ready` / 2^64, drawn anew each cycle from `seed`. The run ends when nothing is under way any more,
// or after `limit` cycles.

#include <algorithm>
#include <chrono>
#include <memory>

#include "Vtop.h"
#include "files.h"
#include "ports.h"
#include "mesh.h"
#include "progress.h"
#include "random.h"
#include "waves.h"

int main(int count, char** arguments) {
    if (count != 5) return 2;
    Input schedule(arguments[1]);
    const auto settings = schedule.get<Settings>();
    const auto counts = schedule.get<uint64_t>(NODES);
    std::vector<size_t> at(NODES), end(NODES);  // of each node's flits: the next one, and the last
    size_t flits = 0;
    for (int n = 0; n < NODES; ++n) {
        at[n] = flits;
        end[n] = flits += counts[n];
    }
    const auto offers = schedule.get<Offer>(flits);

    VerilatedContext context;
    context.traceEverOn(true);
    const auto top = std::make_unique<Vtop>(&context, "");
    Waves waves;
    waves.add(*top);
    waves.begin(arguments[3], settings.wave_first, settings.wave_last);
    Progress progress(arguments[4]);
    const auto nodes = std::make_unique<Nodes>(*top);
    Random random(settings.seed * 2 + 1);
    std::vector<int64_t> taken(flits, -1);
    std::vector<Delivery> given;
    given.reserve(flits);
    PortCounts sent;
    std::vector<int64_t> before_warmup, before_inject;
    std::vector<char> offering(NODES), accepting(NODES), open(NODES);

    const auto cycle = [&] {
        top->clk = 0;
        top->eval();
        top->clk = 1;
        top->eval();
    };
    set_dead_links(*top, settings.dead, 0);
    top->rst = 1;
    for (int k = 0; k < 4; ++k) cycle();
    top->rst = 0;
    for (int k = 0; k < 2; ++k) cycle();  // the reset itself passes a register

    int64_t now = 0, quiet = 0;
    const auto begun = std::chrono::steady_clock::now();
    // Between two edges everything stands as it is during cycle `now`; what is set takes effect in
    // the next one.
    for (; now < settings.limit && quiet < 64; ++now) {
        if (now == settings.warmup) before_warmup = sent.total();
        if (now == settings.inject) before_inject = sent.total();
        if (waves.wants(now)) waves.show(now);
        if (now % 1024 == 0) progress.tell(Done{0, std::min(now, settings.inject), settings.inject});
        bool busy = false;
        for (int n = 0; n < NODES; ++n) {
            const Node& node = nodes->node[n];
            if (offering[n] && *node.offer_ready) {
                taken[at[n]] = now;
                open[n] = goes_on(offers[at[n]].flit);
                offering[n] = 0;
                ++at[n];
            }
            if (!offering[n]) {
                const bool more = at[n] < end[n] && offers[at[n]].cycle <= now + 1 &&
                                  (open[n] || now + 1 < settings.inject);
                *node.offer_valid = offering[n] = more;
                if (more) *node.offer_flit = offers[at[n]].flit;
            }
            busy |= offering[n];
            if (*node.take_valid) {
                busy = true;
                if (accepting[n]) given.push_back({now, static_cast<uint32_t>(n), *node.take_flit});
            }
            accepting[n] = settings.ready == UINT64_MAX || random.next() < settings.ready;
            *node.take_ready = accepting[n];
            busy |= *node.sent != 0;
            sent.add(n, *node.sent);
        }
        sent.end_cycle();
        cycle();
        quiet = busy || now < settings.inject ? 0 : quiet + 1;
    }
    const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - begun;
    waves.end();

    Output results(arguments[2]);
    results.put(Head{now, spent.count()});
    results.put(taken);
    results.put(sent.total());
    results.put(before_warmup.empty() ? sent.total() : before_warmup);
    results.put(before_inject.empty() ? sent.total() : before_inject);
    for (const Node& node : nodes->node) results.put(Drops{*node.dropped, *node.dropped_ports});
    results.put(given);
    top->final();
    return 0;
}
