// What the host has to know of flits: the fields are those of models/mesh/flits.py, see ports.h.

#pragma once

#include "mesh.h"
#include "ports.h"

inline bool is_control(uint32_t flit, uint32_t what) {
    return get(CONTROL, flit) && get(NEURON, flit) == what;
}
inline bool is_end(uint32_t flit) { return is_control(flit, END); }
inline bool is_credit(uint32_t flit) { return is_control(flit, CREDIT); }

inline uint32_t source(uint32_t flit) { return get(SOURCE, flit); }

// The host's credit for the source of `end`; the host stands beside the node of code 0.
inline uint32_t credit_for(uint32_t end) {
    return put(DESTINATION, source(end)) | put(STEP, get(STEP, end)) | put(CONTROL, 1) |
           put(NEURON, CREDIT) | put(FROM_HOST, 1) | put(SOURCE, CODES[HOST]);
}
