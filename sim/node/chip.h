// The chip: a Verilated backbone and Verilated nodes, joined port by port.
//
// Every output of either comes from registers, so that what one tells the other in a cycle is known
// before the clock edge that ends it: all inputs are set, then everything has its edge, in any order.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "Vbackbone.h"
#include "Vnode.h"
#include "files.h"
#include "flit.h"
#include "mesh.h"
#include "ports.h"
#include "random.h"
#include "waves.h"

// A clock cycle: what is set before takes effect at the rising edge.
template <typename Model>
void clock(Model& model) {
    model.clk = 1;
    model.eval();
    model.clk = 0;
    model.eval();
}

// What a phase of a run has counted.
struct Counts {
    int64_t cycles = 0;
    int64_t evaluations = 0;  // cycles of nodes that were not skipped
    PortCounts sent;
    std::vector<int64_t> states = std::vector<int64_t>(NODES * STATES);
};

class Chip {
   public:
    // `gated`: what cannot change is not evaluated. Of 256 cycles each link stalls in `stall`.
    Chip(bool gated, uint64_t stall, uint64_t dead, uint64_t seed)
        : gated_(gated), stall_(static_cast<unsigned>(stall)), random_(2 * seed + 1) {
        context_.traceEverOn(true);
        context_.randReset(2);  // memories come up with anything in them
        context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
        backbone_ = std::make_unique<Vbackbone>(&context_, "backbone");
        links_ = std::make_unique<Links>(*backbone_);
        set_dead_links(*backbone_, dead, 0);
        backbone_->PORT(host_i, valid) = backbone_->PORT(host_o, ready) = 0;
        for (int n = 0; n < NODES; ++n) {
            nodes_.push_back(std::make_unique<Vnode>(&context_, NAMES[n]));
            nodes_[n]->here = static_cast<SData>(CODES[n]);
            nodes_[n]->PORT(i, valid) = nodes_[n]->PORT(o, ready) = 0;
            const Link& link = links_->of[n];
            *link.i_valid = *link.o_ready = 0;
            if (link.stall) *link.stall = 0;
        }
        for (int cycle = 0; cycle < 6; ++cycle) reset(cycle < 4);
        for (int n = 0; n < NODES; ++n) note_rest(n);
    }

    Vnode& node(int n) { return *nodes_[n]; }
    const Link& link(int n) const { return links_->of[n]; }
    const Counts& counts() const { return counts_; }
    int64_t now() const { return counts_.cycles; }

    // Something has passed a link, or come from the host or to it, in the last cycle.
    bool moved() const { return moved_; }

    // No flit is under way and no node has anything to do.
    bool at_rest() const {
        return awake_ == 0 && (under_way_ == 0 || under_way_ == static_cast<int64_t>(drops()));
    }

    uint64_t drops() const {
        uint64_t total = 0;
        for (const Link& link : links_->of) total += *link.dropped;
        return total;
    }

    void begin() { counts_ = Counts(); }

    // Write down the host's ports in every cycle from now on: sim/node/flat.cpp.
    void trace(Output* to) { trace_ = to; }

    // Write down what the mesh takes, and the nodes' states, from now on.
    void log(Output* to) { log_ = to; }

    // A waveform of the backbone and of some nodes, from now on.
    void show(Waves* in, const std::vector<uint64_t>& nodes) {
        in->add(*backbone_);
        for (uint64_t n : nodes) in->add(*nodes_[n]);
        waves_ = in;
    }

    // One cycle. `host` says what it offers, and is told what is taken and what comes; `given` is
    // told of every flit that a node gets.
    template <typename Host, typename Given>
    void cycle(Host& host, const Given& given) {
        Vbackbone& bus = *backbone_;
        moved_ = false;
        bool offered = offer(host);
        draw_stalls();
        if (waves_ && waves_->wants(now())) show_cycle();
        const int64_t before = under_way_;
        for (int n = 0; n < NODES; ++n) offered |= move(n, given);
        if (offered || before || under_way_ || settling_ || stall_ || !gated_) {
            clock(bus);
            settling_ = offered || before || under_way_ ? SETTLING : settling_ - (settling_ > 0);
        }
        counts_.sent.end_cycle();
        ++counts_.cycles;
    }

    // The same of node `n` alone, with `host` at its port in place of the backbone. Returns whether
    // the node has nothing more to do.
    template <typename Host>
    bool cycle_alone(int n, Host& host, int64_t now) {
        Vnode& node = *nodes_[n];
        const bool offered = host.offers();
        node.PORT(i, valid) = offered;
        if (offered) node.PORT(i, payload) = host.flit();
        node.PORT(o, ready) = 1;
        moved_ = false;
        if (offered && node.PORT(i, ready)) {
            moved_ = true;
            host.taken(now);
        }
        if (node.PORT(o, valid)) {
            moved_ = true;
            host.get(node.PORT(o, payload), now);
        }
        clock(node);
        ++counts_.evaluations;
        return note_rest(n);
    }

    void count_alone(int64_t cycles) {
        if (cycles > counts_.cycles) counts_.cycles = cycles;
    }

   private:
    static constexpr int HOST_PARTY = NODES;
    static constexpr int SETTLING = 4;  // cycles in which a router may still count a dropped flit

    struct Rest {
        uint8_t state = 0;     // one of STATES
        bool asleep = false;   // does not change without a flit
    };

    void reset(CData rst) {
        backbone_->rst = rst;
        clock(*backbone_);
        for (const auto& node : nodes_) {
            node->rst = rst;
            clock(*node);
        }
    }

    template <typename Host>
    bool offer(Host& host) {
        Vbackbone& bus = *backbone_;
        const bool offers = host.offers();
        bus.PORT(host_i, valid) = offers;
        if (offers) bus.PORT(host_i, payload) = host.flit();
        bus.PORT(host_o, ready) = !stall_ || !(random_.biased(stall_) & 1);
        if (trace_) {
            trace_->put(HostPorts{bus.PORT(host_i, valid), bus.PORT(host_i, ready),
                                  bus.PORT(host_o, valid), bus.PORT(host_o, ready),
                                  bus.PORT(host_i, payload), bus.PORT(host_o, payload)});
        }
        if (offers && bus.PORT(host_i, ready)) {
            moved_ = true;
            under_way_ += deliveries(CODES[HOST], bus.PORT(host_i, payload));
            note(SENT, HOST_PARTY, bus.PORT(host_i, payload), now());
            host.taken(now());
        }
        if (bus.PORT(host_o, valid) && bus.PORT(host_o, ready)) {
            --under_way_;
            count(HOST, 1);
            host.get(bus.PORT(host_o, payload), now());
        }
        return offers;
    }

    void draw_stalls() {
        if (!STALLS || !stall_) return;
        uint64_t bits = 0;
        for (int n = 0; n < NODES; ++n) {
            if (n % 8 == 0) bits = random_.biased(stall_);
            *links_->of[n].stall = bits & 0xFF;
            bits >>= 8;
        }
    }

    // Node `n` and the backbone tell each other, and the node has its edge. Returns whether the node
    // offers a flit.
    template <typename Given>
    bool move(int n, const Given& given) {
        const Link& link = links_->of[n];
        ++counts_.states[n * STATES + rests_[n].state];
        count(n, *link.sent & ~1u);  // whether the node takes a flit is not known to the router yet
        const bool offered = *link.o_valid;
        if (gated_ && rests_[n].asleep && !offered) {
            *link.i_valid = 0;
            return false;
        }
        Vnode& node = *nodes_[n];
        join(n);
        const bool offers = *link.i_valid;
        if (offers && *link.i_ready) {
            under_way_ += deliveries(CODES[n], node.PORT(o, payload));
            note(SENT, n, node.PORT(o, payload), now());
        }
        if (offered && node.PORT(i, ready)) {
            --under_way_;
            count(n, 1);
            given(n, *link.o_payload);
        }
        clock(node);
        ++counts_.evaluations;
        note_rest(n);
        return offers;
    }

    // Node `n` and the backbone show each other what they offer and take in this cycle.
    void join(int n) {
        const Link& link = links_->of[n];
        Vnode& node = *nodes_[n];
        node.PORT(o, ready) = *link.i_ready;
        *link.i_valid = node.PORT(o, valid);
        *link.i_payload = node.PORT(o, payload);
        node.PORT(i, valid) = *link.o_valid;
        node.PORT(i, payload) = *link.o_payload;
        *link.o_ready = node.PORT(i, ready);
    }

    void show_cycle() {
        for (int n = 0; n < NODES; ++n) {
            join(n);
            nodes_[n]->eval();
        }
        backbone_->eval();
        waves_->show(now());
    }

    // What node `n` is at after a clock edge; returns whether it does not change without a flit.
    bool note_rest(int n) {
        const Vnode& node = *nodes_[n];
        Rest& rest = rests_[n];
        const bool asleep = node.quiet && !node.PORT(o, valid);
        awake_ += rest.asleep - asleep;
        rest.asleep = asleep;
        const uint8_t state = node.computing | node.sending << 1 | node.blocked << 2;
        if (state != rest.state) note(STATE, n, state, now() + 1);
        rest.state = state;
        return asleep;
    }

    void note(Kind kind, int party, uint32_t value, int64_t cycle) {
        if (log_) {
            log_->put(Happening{cycle, static_cast<uint16_t>(kind), static_cast<uint16_t>(party), value});
        }
    }

    // Flits leave the router of node `n` by these ports.
    void count(int n, unsigned ports) {
        if (!ports) return;
        moved_ = true;
        counts_.sent.add(n, ports);
    }

    const bool gated_;
    const unsigned stall_;
    Random random_;
    VerilatedContext context_;
    std::unique_ptr<Vbackbone> backbone_;
    std::unique_ptr<Links> links_;
    std::vector<std::unique_ptr<Vnode>> nodes_;
    std::vector<Rest> rests_ = std::vector<Rest>(NODES);
    Counts counts_;
    int awake_ = NODES;
    // Deliveries that are due of flits in the backbone; one of each that it drops remains.
    int64_t under_way_ = 0;
    int settling_ = 0;
    bool moved_ = false;
    Output* trace_ = nullptr;
    Output* log_ = nullptr;
    Waves* waves_ = nullptr;
};
