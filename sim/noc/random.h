// Cheap chance, many bits at a time.

#pragma once

#include <cstdint>

class Random {
   public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {  // xorshift64*
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545F4914F6CDD1DULL;
    }

    // 64 bits, each 1 with the chance `chance` / 256: `chance` read as a binary fraction, a bit
    // after the other from the lowest, each of which halves what was there and may add a half.
    uint64_t biased(unsigned chance) {
        uint64_t bits = 0;
        for (int place = 0; place < 8; ++place) {
            if (chance >> place & 1) {
                bits |= next();
            } else if (bits) {
                bits &= next();
            }
        }
        return bits;
    }

   private:
    uint64_t state_;
};
