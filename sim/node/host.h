// The host, in either of its trades: memory transactions, and spikes by the step protocol of
// docs/node.md. Between cycles it decides by what it knew before.

#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "flit.h"
#include "ports.h"

struct Transaction : ExchangeHead {
    Transaction() : ExchangeHead{-1, -1, 0} {}
    int64_t node;
    std::vector<uint32_t> request;
    std::vector<uint32_t> answer;
};

// Has one transaction under way at a time.
class MemoryHost {
   public:
    explicit MemoryHost(std::vector<Transaction*> all) : all_(std::move(all)) {}

    bool offers() const { return !done() && at_ < all_[current_]->request.size(); }
    uint32_t flit() const { return all_[current_]->request[at_]; }
    void taken(int64_t now) {
        if (at_++ == 0) all_[current_]->begun = now;
    }
    void get(uint32_t flit, int64_t now) {
        if (done() || !is_memory(flit)) {
            ++strays_;
            return;
        }
        all_[current_]->answer.push_back(flit);
        if (goes_on(flit)) return;
        all_[current_]->ended = now;
        ++current_;
        at_ = 0;
    }
    bool done() const { return current_ == all_.size(); }
    size_t steps_done() const { return current_; }
    uint64_t strays() const { return strays_; }  // flits that are no part of an answer

   private:
    const std::vector<Transaction*> all_;
    size_t current_ = 0;  // transaction
    size_t at_ = 0;       // flit of it
    uint64_t strays_ = 0;
};

// Spikes, with all that the host needs to keep the protocol.
struct Steps {
    std::vector<uint32_t> flits;   // the spikes and ends of all timesteps
    std::vector<uint64_t> bounds;  // where each timestep begins in `flits`, and where the last ends
    std::vector<uint64_t> receivers, senders;  // nodes
    uint64_t credits;                          // that a receiver gives the host for a timestep
    std::vector<int64_t> begun, done;          // cycles: first flit taken, last end come
    size_t count() const { return bounds.size() - 1; }
};

// Sends the spikes of each timestep as credits allow, and gives credits for what it is sent.
class SpikeHost {
   public:
    explicit SpikeHost(Steps& steps) : steps_(steps), missing_(steps.count(), steps.senders.size()) {
        steps_.begun.assign(steps.count(), -1);
        steps_.done.assign(steps.count(), -1);
        for (uint64_t n : steps.senders) sends_[n] = 1;
        for (int n = 0; n < NODES; ++n) numbers_[CODES[n]] = n;
        skip_empty();
    }

    bool offers() {
        if (offering_) return true;
        if (!owed_.empty()) {
            offered_ = owed_.front();
            owed_.pop_front();
            credit_ = true;
        } else if (step_ < steps_.count() && may_send()) {
            offered_ = steps_.flits[at_];
            credit_ = false;
        } else {
            return false;
        }
        return offering_ = true;
    }
    uint32_t flit() const { return offered_; }
    void taken(int64_t now) {
        offering_ = false;
        if (credit_) return;
        if (at_ == steps_.bounds[step_]) steps_.begun[step_] = now;
        ++at_;
        skip_empty();
    }
    void get(uint32_t flit, int64_t now) {
        const int node = is_memory(flit) ? -1 : numbers_[source(flit)];
        if (node < 0) {
            ++strays_;
        } else if (is_credit(flit)) {
            ++credits_[node];
        } else if (is_end(flit)) {
            owed_.push_back(credit_for(flit));
            end(node, now);
        }
    }
    bool done() const {
        return done_ == steps_.count() && step_ == steps_.count() && owed_.empty() && !offering_;
    }
    size_t steps_done() const { return done_; }
    bool more() const { return done_ < steps_.count(); }
    uint64_t strays() const { return strays_; }  // flits that no node may send to the host

   private:
    bool may_send() const {
        if (step_ < 2) return true;
        const uint64_t wanted = steps_.credits * (step_ - 1);
        for (uint64_t n : steps_.receivers) {
            if (credits_[n] < wanted) return false;
        }
        return true;
    }
    void skip_empty() {
        while (step_ < steps_.count() && at_ == steps_.bounds[step_ + 1]) ++step_;
    }
    void end(int node, int64_t now) {
        const uint64_t step = ended_[node]++;
        if (!sends_[node] || step >= steps_.count()) {
            ++strays_;
        } else if (--missing_[step] == 0) {
            steps_.done[step] = now;
            ++done_;
        }
    }

    Steps& steps_;
    std::vector<uint64_t> missing_;  // ends that have to come, for each timestep
    std::vector<uint64_t> credits_ = std::vector<uint64_t>(NODES);  // that each node has given
    std::vector<uint64_t> ended_ = std::vector<uint64_t>(NODES);    // timesteps, by each node
    std::vector<char> sends_ = std::vector<char>(NODES);
    std::vector<int> numbers_ = std::vector<int>(1 << CODE_BITS, -1);
    std::deque<uint32_t> owed_;  // credits to send
    size_t step_ = 0, at_ = 0;   // timestep that is being sent, next flit
    size_t done_ = 0;
    uint32_t offered_ = 0;
    bool offering_ = false, credit_ = false;
    uint64_t strays_ = 0;
};
