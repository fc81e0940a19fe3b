// Loads a chip of Verilated nodes and backbone, runs timesteps, reads it back: see sim/node/run.py,
// which writes WORK and reads the others.
//
// drive WORK RESULTS FLITS [TRACE]
//
// All files hold 64-bit words. WORK: the settings in the order of `Settings`; the transactions before
// the run; the nodes that receive from the host and those that send to it, counts first; the credits
// of a receiver for a timestep; the number of timesteps and the host's flits of each, count first; the
// transactions after the run. Transactions: whether by the back door; most cycles that they may
// take; their number; of each the node and its flits, count first.
//
// RESULTS: how each phase ended (`Ending`), its cycles, nanoseconds, evaluations of nodes, stray
// flits; for each phase, node by node, the flits that left the router by each port and the cycles in
// each state; for each node, at the end, its ports quiet, computing, sending, blocked and status and
// its router's dropped and dropped_ports; for each timestep the cycle in which the host's first flit
// was taken, then of each that in which its last end came, or -1; the transactions before the run and
// after it: of each the cycle in which it began, that in which its answer ended, or -1, and the flits
// of the answer, count first.
//
// FLITS: for each flit that a node or the host was given in the run, the cycle, and a word with the
// flit in its lower half and the node's number, or that of nodes for the host, in its upper half.
//
// TRACE: the host's ports in every cycle but those of the back door, for sim/node/flat.cpp.
//
// By the back door each node has its transactions at its own port, all nodes at the same time and the
// backbone standing still.

#include <array>
#include <chrono>

#include "chip.h"
#include "files.h"
#include "host.h"

namespace {

constexpr uint64_t CHECKED = 1024;  // cycles from one look at the drops to the next

enum Ending : uint64_t {
    FINISHED,
    STILL,    // nothing has moved for `Settings::still` cycles
    DROPPED,  // a router has dropped a flit
    LATE,     // the cycles that the phase may take have passed
    SKIPPED,  // a phase before has not finished
};

struct Settings {
    bool gated, record, until_drop;
    uint64_t stall, seed, dead, still, limit;
    explicit Settings(Input& from)
        : gated(from.word()),
          record(from.word()),
          until_drop(from.word()),
          stall(from.word()),
          seed(from.word()),
          dead(from.word()),
          still(from.word()),
          limit(from.word()) {}
};

struct Transactions {
    bool back_door;
    uint64_t limit;
    std::vector<Transaction> all;
    explicit Transactions(Input& from)
        : back_door(from.word()), limit(from.word()), all(from.word()) {
        for (Transaction& each : all) {
            each.node = from.word();
            each.request = from.flits();
        }
    }
    std::vector<Transaction*> of(int node) {  // -1: all of them
        std::vector<Transaction*> found;
        for (Transaction& each : all) {
            if (node < 0 || each.node == static_cast<uint64_t>(node)) found.push_back(&each);
        }
        return found;
    }
    void write(Output& to) const {
        for (const Transaction& each : all) {
            const int64_t head[] = {each.begun, each.ended, static_cast<int64_t>(each.answer.size())};
            to.put(head, 3);
            to.flits(each.answer);
        }
    }
};

Steps read_steps(Input& from) {
    Steps steps;
    steps.receivers = from.words();
    steps.senders = from.words();
    steps.credits = from.word();
    steps.bounds.push_back(0);
    for (uint64_t left = from.word(); left; --left) {
        const auto flits = from.flits();
        steps.flits.insert(steps.flits.end(), flits.begin(), flits.end());
        steps.bounds.push_back(steps.flits.size());
    }
    return steps;
}

// The spike host, and what it is given written down.
struct RecordedHost : SpikeHost {
    RecordedHost(Steps& steps, Output* to) : SpikeHost(steps), record(to) {}
    void get(uint32_t flit, uint64_t now) {
        SpikeHost::get(flit, now);
        given(NODES, flit, now);
    }
    void given(int receiver, uint32_t flit, uint64_t now) {
        if (!record) return;
        const uint64_t words[] = {now, static_cast<uint64_t>(receiver) << 32 | flit};
        record->put(words, 2);
    }
    Output* const record;
};

struct Phase {
    Ending ending = SKIPPED;
    uint64_t nanoseconds = 0, strays = 0;
    Counts counts;
};

class Driver {
   public:
    explicit Driver(const Settings& settings)
        : settings_(settings), chip_(settings.gated, settings.stall, settings.dead, settings.seed) {}

    void transact(Phase& phase, Transactions& list) {
        const auto spent = begin();
        if (list.back_door) {
            phase.ending = directly(phase, list);
        } else {
            MemoryHost host(list.of(-1));
            phase.ending = until_done(host, [](int, uint32_t) {}, list.limit, false);
            phase.strays = host.strays();
        }
        end(phase, spent);
    }

    void run(Phase& phase, Steps& steps, Output* record) {
        const auto spent = begin();
        RecordedHost host(steps, record);
        const auto given = [&](int n, uint32_t flit) { host.given(n, flit, chip_.now()); };
        phase.ending = until_done(host, given, settings_.limit, settings_.until_drop);
        phase.strays = host.strays();
        end(phase, spent);
    }

    Chip& chip() { return chip_; }

   private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point begin() {
        chip_.begin();
        return Clock::now();
    }
    void end(Phase& phase, Clock::time_point begun) {
        phase.nanoseconds = std::chrono::nanoseconds(Clock::now() - begun).count();
        chip_.finish();
        phase.counts = chip_.counts();
    }

    template <typename Host, typename Given>
    Ending until_done(Host& host, const Given& given, uint64_t limit, bool until_drop) {
        uint64_t still = 0;
        while (!(host.done() && chip_.at_rest())) {
            if (still >= settings_.still) return STILL;
            if (chip_.now() >= limit) return LATE;
            if (until_drop && chip_.now() % CHECKED == 0 && chip_.drops()) return DROPPED;
            chip_.cycle(host, given);
            still = chip_.moved() ? 0 : still + 1;
        }
        return until_drop && chip_.drops() ? DROPPED : FINISHED;
    }

    // One node after the other, as they know nothing of each other.
    Ending directly(Phase& phase, Transactions& list) {
        Ending worst = FINISHED;
        for (int n = 0; n < NODES; ++n) {
            MemoryHost host(list.of(n));
            uint64_t now = 0;
            const Ending ending = until_done_alone(n, host, list.limit, now);
            if (ending != FINISHED) worst = ending;
            chip_.count_alone(now);
            phase.strays += host.strays();
        }
        return worst;
    }

    Ending until_done_alone(int n, MemoryHost& host, uint64_t limit, uint64_t& now) {
        uint64_t still = 0;
        for (bool rests = host.done(); !(rests && host.done()); ++now) {
            if (still >= settings_.still) return STILL;
            if (now >= limit) return LATE;
            rests = chip_.cycle_alone(n, host, now);
            still = chip_.moved() ? 0 : still + 1;
        }
        return FINISHED;
    }

    const Settings settings_;
    Chip chip_;
};

void write_nodes(Output& to, Chip& chip) {
    for (int n = 0; n < NODES; ++n) {
        const Vnode& node = chip.node(n);
        const Link& link = chip.link(n);
        const uint64_t words[] = {node.quiet,  node.computing, node.sending,       node.blocked,
                                  node.status, *link.dropped,  *link.dropped_ports};
        to.put(words, 7);
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4 && count != 5) return 2;
    Input work(arguments[1]);
    const Settings settings(work);
    Transactions loading(work);
    Steps steps = read_steps(work);
    Transactions reading(work);

    if (settings.stall && !STALLS) {
        std::fprintf(stderr, "this backbone's links cannot be stalled\n");
        return 1;
    }
    Driver driver(settings);
    std::unique_ptr<Output> trace;
    if (count == 5) trace = std::make_unique<Output>(arguments[4]);
    driver.chip().trace(trace.get());
    std::array<Phase, 3> phases;
    driver.transact(phases[0], loading);
    if (phases[0].ending == FINISHED) {
        Output flits(arguments[3]);
        driver.run(phases[1], steps, settings.record ? &flits : nullptr);
    }
    if (phases[1].ending == FINISHED) driver.transact(phases[2], reading);

    Output results(arguments[2]);
    for (const Phase& phase : phases) {
        const uint64_t words[] = {phase.ending, phase.counts.cycles, phase.nanoseconds,
                                  phase.counts.evaluations, phase.strays};
        results.put(words, 5);
    }
    for (const Phase& phase : phases) {
        results.put(phase.counts.sent);
        results.put(phase.counts.states);
    }
    write_nodes(results, driver.chip());
    steps.begun.resize(steps.count(), -1);
    steps.done.resize(steps.count(), -1);
    results.put(steps.begun);
    results.put(steps.done);
    loading.write(results);
    reading.write(results);
    return 0;
}
