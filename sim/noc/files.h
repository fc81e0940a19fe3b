// Files of records in the byte order of the machine.

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
    template <typename Record>
    std::vector<Record> get(size_t n) {
        std::vector<Record> all(n);
        if (std::fread(all.data(), sizeof(Record), n, file_) != n) fail();
        return all;
    }
    template <typename Record>
    Record get() {
        return get<Record>(1)[0];
    }
    template <typename Record>
    std::vector<Record> counted() {  // as many as the next word says
        return get<Record>(get<uint64_t>());
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
    template <typename Record>
    void put(const Record& one) {
        if (std::fwrite(&one, sizeof one, 1, file_) != 1) fail();
    }
    template <typename Record>
    void put(const std::vector<Record>& all) {
        if (std::fwrite(all.data(), sizeof(Record), all.size(), file_) != all.size()) fail();
    }

   private:
    [[noreturn]] void fail() const {
        std::perror(name_.c_str());
        std::_Exit(1);
    }
    const std::string name_;
    std::FILE* const file_;
};
