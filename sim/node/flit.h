// What the host has to know of flits: the fields are those of models/mesh/flits.py, see ports.h.

#pragma once

#include <cstdlib>

#include "mesh.h"
#include "ports.h"

inline bool is_control(uint32_t flit, uint32_t what) {
    return get(CONTROL, flit) && get(NEURON, flit) == what;
}
inline bool is_end(uint32_t flit) { return is_control(flit, END); }
inline bool is_credit(uint32_t flit) { return is_control(flit, CREDIT); }

inline uint32_t source(uint32_t flit) { return get(SOURCE, flit); }

inline bool is_multicast(uint32_t flit) {
    return !is_memory(flit) && get(TO_HOST, flit) && get(DESTINATION, flit);
}

// How often a flit is given that the mesh takes at the node of code `from`: a multicast to each node of
// its way, which goes along x, y and z as there are no multicasts round dead links.
inline int64_t deliveries(uint32_t from, uint32_t flit) {
    if (!is_multicast(flit)) return 1;
    constexpr int BITS = CODE_BITS / 3, MASK = (1 << BITS) - 1;
    const uint32_t to = get(DESTINATION, flit);
    int hops = 0;
    for (int axis = 0; axis < CODE_BITS; axis += BITS) {
        hops += std::abs(static_cast<int>(to >> axis & MASK) - static_cast<int>(from >> axis & MASK));
    }
    return hops ? hops : 1;
}

// The host's credit for the source of `end`; the host stands beside the node of code 0.
inline uint32_t credit_for(uint32_t end) {
    return put(DESTINATION, source(end)) | put(STEP, get(STEP, end)) | put(CONTROL, 1) |
           put(NEURON, CREDIT) | put(FROM_HOST, 1) | put(SOURCE, CODES[HOST]);
}
