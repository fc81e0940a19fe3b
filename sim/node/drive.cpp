// Loads a chip of Verilated nodes and backbone, runs timesteps, reads it back: see sim/node/run.py,
// which writes WORK and reads the others.
//
// drive WORK RESULTS FLITS LOG WAVES PROGRESS [TRACE]
//
// WORK: `Settings`; the nodes in the waveform, count first; the transactions before the run; the nodes
// that receive from the host and those that send to it, counts first; the credits of a receiver for a
// timestep; the number of timesteps and the host's flits of each, count first; the transactions after
// the run. Transactions: a `ListHead`; of each the node and its flits, count first.
//
// RESULTS: a `PhaseHead` for each phase; for each phase, node by node, the flits that left the router
// by each port, then the cycles in each state; a `NodeEnd` for each node; for each timestep the cycle in
// which the host's first flit was taken, then of each that in which its last end came, or -1; the
// transactions before the run and after it: of each an `ExchangeHead` and the flits of the answer.
//
// FLITS: an `Arrival` for each flit that a node or the host was given in the run. LOG, if there are
// timesteps to log: a `Happening` for each flit that the mesh takes, and each new state of a node. WAVES:
// the waveform of the run, of a program that can write one. PROGRESS: a `Done`, ever anew. TRACE:
// `HostPorts` in every cycle but those of the back door, for sim/node/flat.cpp. sim/node/formats.py
// declares the records.
//
// By the back door each node has its transactions at its own port, all nodes at the same time and the
// backbone standing still.

#include <array>
#include <chrono>

#include "chip.h"
#include "files.h"
#include "host.h"
#include "progress.h"

namespace {

constexpr int64_t CHECKED = 1024;  // cycles from one look at the drops to the next

struct Transactions : ListHead {
    std::vector<Transaction> all;
    explicit Transactions(Input& from) : ListHead(from.get<ListHead>()), all(count) {
        for (Transaction& each : all) {
            each.node = from.get<int64_t>();
            each.request = from.counted<uint32_t>();
        }
    }
    std::vector<Transaction*> of(int node) {  // -1: all of them
        std::vector<Transaction*> found;
        for (Transaction& each : all) {
            if (node < 0 || each.node == node) found.push_back(&each);
        }
        return found;
    }
    void write(Output& to) {
        for (Transaction& each : all) {
            each.flits = each.answer.size();
            to.put<ExchangeHead>(each);
            to.put(each.answer);
        }
    }
};

Steps read_steps(Input& from) {
    Steps steps;
    steps.receivers = from.counted<uint64_t>();
    steps.senders = from.counted<uint64_t>();
    steps.credits = from.get<uint64_t>();
    steps.bounds.push_back(0);
    for (auto left = from.get<uint64_t>(); left; --left) {
        const auto flits = from.counted<uint32_t>();
        steps.flits.insert(steps.flits.end(), flits.begin(), flits.end());
        steps.bounds.push_back(steps.flits.size());
    }
    return steps;
}

// The spike host, and what it is given written down; the chip logs until `logged` timesteps are done, or
// to the end if these are all, and its waveform ends with `traced` timesteps.
struct RecordedHost : SpikeHost {
    RecordedHost(Steps& steps, Output* to, Chip& chip, Waves& waves, const Settings& settings)
        : SpikeHost(steps), record(to), chip(chip), waves(waves), settings(settings) {}
    void get(uint32_t flit, int64_t now) {
        SpikeHost::get(flit, now);
        given(NODES, flit, now);
        if (steps_done() >= static_cast<size_t>(settings.logged) && more()) chip.log(nullptr);
        if (steps_done() >= static_cast<size_t>(settings.traced)) waves.until(now);
    }
    void given(int receiver, uint32_t flit, int64_t now) {
        if (record) record->put(Arrival{now, flit, static_cast<uint32_t>(receiver)});
    }
    Output* const record;
    Chip& chip;
    Waves& waves;
    const Settings& settings;
};

struct Phase : PhaseHead {
    Phase() : PhaseHead{SKIPPED, 0, 0, 0, 0} {}
    Counts counts;
};

class Driver {
   public:
    Driver(const Settings& settings, const std::vector<uint64_t>& shown, const char* progress)
        : settings_(settings),
          chip_(settings.gated, settings.stall, settings.dead, settings.seed),
          progress_(progress) {
        if (!shown.empty()) chip_.show(&waves_, shown);
    }

    void transact(int which, Phase& phase, Transactions& list) {
        const auto spent = begin(which, list.count);
        if (list.back_door) {
            phase.ending = directly(phase, list);
        } else {
            MemoryHost host(list.of(-1));
            phase.ending = until_done(host, [](int, uint32_t) {}, list.limit, false);
            phase.strays = host.strays();
        }
        end(phase, spent);
    }

    void run(int which, Phase& phase, Steps& steps, Output* record, Output* log, const char* waves) {
        const auto spent = begin(which, steps.count());
        RecordedHost host(steps, record, chip_, waves_, settings_);
        chip_.log(log);
        waves_.begin(waves, settings_.wave_first, settings_.wave_last);
        const auto given = [&](int n, uint32_t flit) { host.given(n, flit, chip_.now()); };
        phase.ending = until_done(host, given, settings_.limit, settings_.until_drop);
        phase.strays = host.strays();
        chip_.log(nullptr);
        waves_.end();
        end(phase, spent);
    }

    Chip& chip() { return chip_; }

   private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point begin(int which, int64_t total) {
        chip_.begin();
        done_ = Done{which, 0, total};
        return Clock::now();
    }
    void end(Phase& phase, Clock::time_point begun) {
        phase.nanoseconds = std::chrono::nanoseconds(Clock::now() - begun).count();
        phase.counts = chip_.counts();
        phase.cycles = phase.counts.cycles;
        phase.evaluations = phase.counts.evaluations;
    }

    template <typename Host, typename Given>
    Ending until_done(Host& host, const Given& given, int64_t limit, bool until_drop) {
        int64_t still = 0;
        while (!(host.done() && chip_.at_rest())) {
            if (still >= settings_.still) return STILL;
            if (chip_.now() >= limit) return LATE;
            if (until_drop && chip_.now() % CHECKED == 0 && chip_.drops()) return DROPPED;
            chip_.cycle(host, given);
            tell(host.steps_done());
            still = chip_.moved() ? 0 : still + 1;
        }
        return until_drop && chip_.drops() ? DROPPED : FINISHED;
    }

    void tell(int64_t done) {
        if (done == done_.done) return;
        done_.done = done;
        progress_.tell(done_);
    }

    // One node after the other, as they know nothing of each other.
    Ending directly(Phase& phase, Transactions& list) {
        Ending worst = FINISHED;
        int64_t before = 0;
        for (int n = 0; n < NODES; ++n) {
            MemoryHost host(list.of(n));
            int64_t now = 0;
            const Ending ending = until_done_alone(n, host, list.limit, now);
            if (ending != FINISHED) worst = ending;
            chip_.count_alone(now);
            tell(before += host.steps_done());
            phase.strays += host.strays();
        }
        return worst;
    }

    Ending until_done_alone(int n, MemoryHost& host, int64_t limit, int64_t& now) {
        int64_t still = 0;
        for (bool rests = host.done(); !(rests && host.done()); ++now) {
            if (still >= settings_.still) return STILL;
            if (now >= limit) return LATE;
            rests = chip_.cycle_alone(n, host, now);
            still = chip_.moved() ? 0 : still + 1;
        }
        return FINISHED;
    }

    const Settings settings_;
    Waves waves_;
    Chip chip_;
    Progress progress_;
    Done done_{};
};

void write_nodes(Output& to, Chip& chip) {
    for (int n = 0; n < NODES; ++n) {
        const Vnode& node = chip.node(n);
        const Link& link = chip.link(n);
        to.put(NodeEnd{node.quiet, node.computing, node.sending, node.blocked, node.status,
                       *link.dropped, *link.dropped_ports});
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 7 && count != 8) return 2;
    Input work(arguments[1]);
    const auto settings = work.get<Settings>();
    const auto shown = work.counted<uint64_t>();
    Transactions loading(work);
    Steps steps = read_steps(work);
    Transactions reading(work);

    if (settings.stall && !STALLS) {
        std::fprintf(stderr, "this backbone's links cannot be stalled\n");
        return 1;
    }
    Driver driver(settings, shown, arguments[6]);
    std::unique_ptr<Output> trace;
    if (count == 8) trace = std::make_unique<Output>(arguments[7]);
    driver.chip().trace(trace.get());
    std::array<Phase, 3> phases;
    driver.transact(0, phases[0], loading);
    if (phases[0].ending == FINISHED) {
        Output flits(arguments[3]);
        std::unique_ptr<Output> log;
        if (settings.logged) log = std::make_unique<Output>(arguments[4]);
        driver.run(1, phases[1], steps, settings.record ? &flits : nullptr, log.get(), arguments[5]);
    }
    if (phases[1].ending == FINISHED) driver.transact(2, phases[2], reading);

    Output results(arguments[2]);
    for (const Phase& phase : phases) results.put<PhaseHead>(phase);
    for (Phase& phase : phases) {
        results.put(phase.counts.sent.total());
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
