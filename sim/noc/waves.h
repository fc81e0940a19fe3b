// The waveform of a run: a nanosecond is a cycle. Does nothing in a program without. SIGTERM closes it,
// and ends the program.

#pragma once

#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "ports.h"

class Waves {
   public:
#ifdef WAVEFORM
    // Before `begin`: what is to be seen in it.
    template <typename Model>
    void add(Model& model) {
        model.trace(&file_, 99);
    }
    // Shows the cycles from `first` to `last`.
    void begin(const char* name, int64_t first, int64_t last) {
        name_ = name;
        first_ = first;
        last_ = last;
        std::signal(SIGTERM, [](int) { told = 1; });
    }
    // Nor any after `last`.
    void until(int64_t last) {
        if (last < last_) last_ = last;
    }
    void end() {
        if (file_.isOpen()) file_.close();
        last_ = -1;
        std::signal(SIGTERM, SIG_DFL);
        if (told) std::raise(SIGTERM);
    }
    bool wants(int64_t cycle) {
        if (told) end();
        return first_ <= cycle && cycle <= last_;
    }
    // Whether the models stand as they are in `cycle`, inputs and all.
    void show(int64_t cycle) {
        if (!file_.isOpen()) file_.open(name_);
        file_.dump(static_cast<uint64_t>(cycle) * 1000);
    }

   private:
    WAVEFORM file_;
    const char* name_ = nullptr;
    int64_t first_ = 0, last_ = -1;
    static inline volatile std::sig_atomic_t told = 0;
#else
    template <typename Model>
    void add(Model&) {}
    void begin(const char*, int64_t, int64_t) {}
    void until(int64_t) {}
    void end() {}
    static constexpr bool wants(int64_t) { return false; }
    void show(int64_t) {}
#endif
};
