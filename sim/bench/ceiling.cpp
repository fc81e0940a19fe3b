// The plainest driver of a Verilated chip: see sim/bench/ceiling.py.
//
// ceiling CONFIGURATION STIMULUS RESULTS PREDICTIONS LIMIT
//
// CONFIGURATION and STIMULUS hold 32-bit words in the byte order of the machine: the configuration
// writes and the input vectors in a row, each in as many whole words as its port has, lowest first.
// The run ends after PREDICTIONS predictions or LIMIT cycles. RESULTS gets a line CYCLES SECONDS of
// the whole run, files aside, and a line CYCLE WORD for each prediction: the lowest 32 bits of the
// result and the cycle it was taken in, cycle 0 being the first with a valid input vector.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vtop.h"

#define PORT(stream, part) stream##___05F##part  // how Verilator spells stream__part

namespace {

// Ports of up to 64 bits are integers, wider ones arrays of words.
template <typename Port>
constexpr size_t words() {
    return (sizeof(Port) + 3) / 4;
}

template <typename Port>
void put(Port& port, const uint32_t* from) {
    if constexpr (sizeof(Port) == 8) {
        port = static_cast<Port>(uint64_t{from[1]} << 32 | from[0]);
    } else {
        port = static_cast<Port>(from[0]);
    }
}

template <std::size_t N>
void put(VlWide<N>& port, const uint32_t* from) {
    for (std::size_t k = 0; k < N; ++k) port[k] = from[k];
}

template <typename Port>
uint32_t low_word(const Port& port) {
    return static_cast<uint32_t>(port);
}

template <std::size_t N>
uint32_t low_word(const VlWide<N>& port) {
    return port[0];
}

std::vector<uint32_t> read(const char* name, size_t unit) {
    std::FILE* file = std::fopen(name, "rb");
    if (!file) {
        std::perror(name);
        std::exit(1);
    }
    std::vector<uint32_t> all;
    uint32_t block[4096];
    while (size_t n = std::fread(block, sizeof *block, 4096, file)) {
        all.insert(all.end(), block, block + n);
    }
    std::fclose(file);
    if (all.size() % unit) {
        std::fprintf(stderr, "%s is not a whole number of units of %zu words\n", name, unit);
        std::exit(1);
    }
    return all;
}

struct Prediction {
    uint64_t cycle;
    uint32_t word;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 6) return 2;
    VerilatedContext context;
    const auto chip = std::make_unique<Vtop>(&context);
    constexpr size_t write_words = words<decltype(chip->PORT(configuration, payload))>();
    constexpr size_t vector_words = words<decltype(chip->PORT(i, payload))>();
    const auto writes = read(arguments[1], write_words);
    const auto vectors = read(arguments[2], vector_words);
    const size_t wanted = std::strtoull(arguments[4], nullptr, 10);
    const uint64_t limit = std::strtoull(arguments[5], nullptr, 10);
    std::vector<Prediction> predictions;
    predictions.reserve(wanted);

    uint64_t cycles = 0;
    const auto cycle = [&] {  // from one falling edge to the next
        chip->clk = 1;
        chip->eval();
        chip->clk = 0;
        ++cycles;
    };
    const auto begun = std::chrono::steady_clock::now();
    chip->clk = 0;
    chip->rst = 1;
    chip->PORT(configuration, valid) = 0;
    chip->PORT(i, valid) = 0;
    chip->PORT(result, ready) = 1;
    chip->eval();
    cycle();
    chip->rst = 0;

    chip->PORT(configuration, valid) = 1;
    for (size_t at = 0; at < writes.size() && cycles < limit; at += write_words) {
        put(chip->PORT(configuration, payload), &writes[at]);
        chip->eval();
        while (!chip->PORT(configuration, ready) && cycles < limit) {
            cycle();
            chip->eval();
        }
        cycle();
    }
    chip->PORT(configuration, valid) = 0;

    const uint64_t start = cycles;
    size_t at = 0;
    while (predictions.size() < wanted && cycles < limit) {
        chip->PORT(i, valid) = at < vectors.size();
        if (chip->PORT(i, valid)) put(chip->PORT(i, payload), &vectors[at]);
        chip->eval();
        const bool taken = chip->PORT(i, valid) && chip->PORT(i, ready);
        if (chip->PORT(result, valid)) {
            predictions.push_back({cycles - start, low_word(chip->PORT(result, payload))});
        }
        cycle();
        if (taken) at += vector_words;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    chip->final();

    std::FILE* results = std::fopen(arguments[3], "w");
    if (!results) {
        std::perror(arguments[3]);
        return 1;
    }
    std::fprintf(results, "%llu %.9f\n", static_cast<unsigned long long>(cycles), seconds.count());
    for (const Prediction& one : predictions) {
        std::fprintf(results, "%llu %u\n", static_cast<unsigned long long>(one.cycle), one.word);
    }
    if (std::fclose(results)) {
        std::perror(arguments[3]);
        return 1;
    }
    return 0;
}
