// What a Verilated mesh is driven with, alone or with nodes.

#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "ports.h"

inline uint32_t get(const Field& field, uint32_t flit) {
    return flit >> field.lowest & ((1u << field.width) - 1);
}
inline uint32_t put(const Field& field, uint32_t value) { return value << field.lowest; }

inline bool is_memory(uint32_t flit) { return get(TYPE, flit) == MEMORY; }

// Whether more flits of a memory packet follow.
inline bool goes_on(uint32_t flit) { return is_memory(flit) && get(COMMAND, flit) == KEPT; }

template <typename Top>
auto set_dead_links(Top& top, uint64_t dead, int) -> decltype(top.dead_links, void()) {
    top.dead_links = static_cast<std::remove_reference_t<decltype(top.dead_links)>>(dead);
}
template <typename Top>
void set_dead_links(Top&, uint64_t, long) {}

// Flits that left each router by each port. Seven counts stand in the bytes of a word, so that one
// addition counts all ports; they are gathered before one of them overflows.
class PortCounts {
   public:
    void add(int n, unsigned ports) { recent_[n] += apart().of[ports]; }
    void end_cycle() {
        if (++cycles_ % 255 == 0) gather();
    }
    const std::vector<int64_t>& total() {
        gather();
        return total_;
    }

   private:
    struct Apart {
        uint64_t of[1 << PORTS] = {};
        Apart() {
            for (unsigned ports = 0; ports < 1 << PORTS; ++ports) {
                for (int p = 0; p < PORTS; ++p) {
                    of[ports] |= static_cast<uint64_t>(ports >> p & 1) << 8 * p;
                }
            }
        }
    };
    static const Apart& apart() {
        static const Apart table;
        return table;
    }
    void gather() {
        for (int n = 0; n < NODES; ++n) {
            for (int p = 0; p < PORTS; ++p) total_[n * PORTS + p] += recent_[n] >> 8 * p & 0xFF;
            recent_[n] = 0;
        }
    }
    std::vector<int64_t> total_ = std::vector<int64_t>(NODES * PORTS);
    std::vector<uint64_t> recent_ = std::vector<uint64_t>(NODES);
    uint64_t cycles_ = 0;
};
