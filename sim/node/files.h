// Files of 64-bit words in the byte order of the machine.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

class Input {
   public:
    explicit Input(const char* name) : name_(name), file_(std::fopen(name, "rb")) {
        if (!file_) fail();
    }
    ~Input() { std::fclose(file_); }
    uint64_t word() {
        uint64_t word;
        if (std::fread(&word, sizeof word, 1, file_) != 1) fail();
        return word;
    }
    std::vector<uint64_t> words() {  // as many as the next word says
        std::vector<uint64_t> all(word());
        if (std::fread(all.data(), sizeof(uint64_t), all.size(), file_) != all.size()) fail();
        return all;
    }
    std::vector<uint32_t> flits() {  // one a word
        const auto all = words();
        return {all.begin(), all.end()};
    }

   private:
    [[noreturn]] void fail() const {
        std::fprintf(stderr, "%s is not there, or cut short\n", name_.c_str());
        std::exit(1);
    }
    const std::string name_;
    std::FILE* const file_;
};

class Output {
   public:
    explicit Output(const char* name) : name_(name), file_(std::fopen(name, "wb")) {
        if (!file_) fail();
        std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
    }
    ~Output() {
        if (std::fclose(file_)) fail();
    }
    template <typename Word>
    void put(const Word* all, size_t n) {
        static_assert(sizeof(Word) == sizeof(uint64_t));
        if (std::fwrite(all, sizeof *all, n, file_) != n) fail();
    }
    void put(uint64_t word) { put(&word, 1); }
    template <typename Word>
    void put(const std::vector<Word>& all) {
        put(all.data(), all.size());
    }
    void flits(const std::vector<uint32_t>& all) {
        for (uint32_t flit : all) put(flit);
    }

   private:
    [[noreturn]] void fail() const {
        std::perror(name_.c_str());
        std::_Exit(1);
    }
    const std::string name_;
    std::FILE* const file_;
};
