// Does with files what its arguments say, one after the other, and says how it went: for tests that look from outside.
#include <toro/cores.hpp>
#include <toro/mount.hpp>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iostream>
#include <map>
#include <print>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../share/original.hpp"

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// As the test makes it.
std::string pattern(unsigned seed, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i + seed) * 0x9e3779b1U >> 24);
  return text;
}

void say(const std::string& what, bool good) {
  if (good)
    std::println("{}: done", what);
  else
    std::println("{}: {}", what, std::strerror(errno));
}

void write(const std::string& path, std::size_t size, unsigned seed) {
  errno = 0;
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return say("write " + path, false);
  const std::string text = pattern(seed, size);
  const bool written = std::fwrite(text.data(), 1, size, file) == size;
  const bool flushed = std::fflush(file) == 0;
  const int why = errno;
  std::fclose(file);
  errno = why;
  say("write " + path, written && flushed);
}

void check(const std::string& path, std::size_t size, unsigned seed) {
  std::ifstream in(path, std::ios::binary);
  const std::string found(std::istreambuf_iterator<char>(in), {});
  std::println("check {}: {}", path, found == pattern(seed, size) ? "equal" : "different");
}

void list(const std::string& path) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const auto status = entry.symlink_status();
    found[entry.path().lexically_relative(path)] = fs::is_symlink(status)     ? "-> " + fs::read_symlink(entry).string()
                                                   : fs::is_directory(status) ? "folder"
                                                                              : std::to_string(entry.file_size());
  }
  for (const auto& [name, what] : found) std::println("{} {}", name, what);
}

/// Reads a file in pieces of 256 KiB.
void read(const std::string& path) {
  std::vector<std::byte> piece(std::size_t{256} << 10);
  std::size_t size = 0;
  auto file = toro::File::open(path);
  while (file) {
    const auto count = file->read(piece);
    if (!count || *count == 0) break;
    size += *count;
  }
  std::println("read {}: {} bytes", path, size);
}

/// Many small files, some of which go again.
void many(const std::string& folder, unsigned count) {
  fs::create_directory(folder);
  for (unsigned i = 0; i < count; ++i) std::ofstream(std::format("{}/{}", folder, i)) << i;
  for (unsigned i = 0; i < count; i += 3) fs::remove(std::format("{}/{}", folder, i));
  unsigned wrong = 0;
  for (unsigned i = 0; i < count; ++i) {
    std::ifstream in(std::format("{}/{}", folder, i));
    unsigned value = count;
    in >> value;
    if (value != (i % 3 == 0 ? count : i)) ++wrong;
  }
  std::println("many {}: {} wrong", folder, wrong);
}

/// Each of two threads on each core writes a file of its own, all at the same time.
void together(const std::string& folder) {
  fs::create_directory(folder);
  std::vector<std::thread> callers;
  std::atomic<unsigned> wrong = 0;
  for (unsigned i = 0; i < 2 * toro::cores(); ++i)
    callers.emplace_back([&, i] {
      toro::run_on(i % toro::cores(), [&] {
        const std::string path = std::format("{}/{}", folder, i);
        const std::string text = pattern(i, 100'000);
        std::ofstream(path, std::ios::binary) << text;
        std::ifstream in(path, std::ios::binary);
        if (std::string(std::istreambuf_iterator<char>(in), {}) != text) ++wrong;
      });
    });
  for (auto& caller : callers) caller.join();
  std::println("together {}: {} wrong", folder, wrong.load());
}

unsigned number(const std::string& text) {
  return static_cast<unsigned>(std::stoul(text));
}

/// Makes that many empty files in one directory, finds each of them, and lists them.
void entries(const Words& words) {
  const unsigned count = number(words[2]);
  fs::create_directory(words[1]);
  const auto name = [&](unsigned i) { return std::format("{}/entry-{}", words[1], i); };
  unsigned made = 0, found = 0, listed = 0;
  const auto measured = [](const char* what, auto f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    std::fprintf(stderr, "%s: %lld ms\n", what, static_cast<long long>(taken.count()));
  };
  measured("made", [&] {
    for (unsigned i = 0; i < count; ++i)
      if (std::FILE* const file = std::fopen(name(i).c_str(), "w")) made += std::fclose(file) == 0 ? 1 : 0;
  });
  measured("found", [&] {
    struct stat about{};
    for (unsigned i = 0; i < count; ++i) found += stat(name(i).c_str(), &about) == 0 ? 1 : 0;
  });
  measured("listed", [&] {
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(words[1])) ++listed;
  });
  std::println("entries {}: {} made, {} found, {} listed", words[1], made, found, listed);
}

void mount(const Words& words) {
  fs::create_directories(words[2]);
  const auto done = toro::mount(words[1], words[2], {.core = number(words[3]) % toro::cores()});
  std::println("mount {}: {}", words[2], done ? "done" : toro::describe(done.error()));
}

void unmount(const Words& words) {
  const auto done = toro::unmount(words[1]);
  std::println("unmount {}: {}", words[1], done ? "done" : toro::describe(done.error()));
}

void tree(const Words& words) {
  const fs::path root = words[1];
  fs::create_directories(root / "a" / "b");
  std::ofstream(root / "a" / "file") << "content";
  fs::create_symlink("a/file", root / "link");
  fs::create_symlink(std::string(70, '.') + "/nowhere", root / "long");
  fs::create_hard_link(root / "a" / "file", root / "hard");
  fs::rename(root / "a" / "b", root / "moved");
  fs::permissions(root / "hard", fs::perms::owner_read);
  std::println("tree {}: done", words[1]);
}

/// How many blocks of 64 KiB can be had.
void room() {
  struct Block {
    Block* next;
    char rest[65536 - 64];
  };
  Block* first = nullptr;
  unsigned count = 0;
  while (auto* const block = static_cast<Block*>(std::malloc(sizeof(Block)))) {
    block->next = first;
    first = block;
    ++count;
  }
  while (first != nullptr) std::free(std::exchange(first, first->next));
  std::println("room: {}", count);
}

const std::map<std::string, void (*)(const Words&)> kActions = {
    {"write", [](const Words& w) { write(w[1], number(w[2]), number(w[3])); }},
    {"check", [](const Words& w) { check(w[1], number(w[2]), number(w[3])); }},
    {"list", [](const Words& w) { list(w[1]); }},
    {"many", [](const Words& w) { many(w[1], number(w[2])); }},
    {"together", [](const Words& w) { together(w[1]); }},
    {"tree", tree},
    {"remove", [](const Words& w) { say("remove " + w[1], std::remove(w[1].c_str()) == 0); }},
    {"read", [](const Words& w) { read(w[1]); }},
    {"room", [](const Words&) { room(); }},
    {"original", [](const Words& w) { original_test(w[1]); }},
    {"rename", [](const Words& w) { say("rename " + w[1], std::rename(w[1].c_str(), w[2].c_str()) == 0); }},
    {"mkdir", [](const Words& w) { say("mkdir " + w[1], mkdir(w[1].c_str(), 0755) == 0); }},
    {"cut", [](const Words& w) { say("cut " + w[1], truncate(w[1].c_str(), number(w[2])) == 0); }},
    {"entries", entries},
    {"mount", mount},
    {"unmount", unmount},
    {"sync",
     [](const Words& w) {
       std::FILE* const file = std::fopen(w[1].c_str(), "r");
       say("sync " + w[1], file != nullptr && fsync(fileno(file)) == 0);
       if (file != nullptr) std::fclose(file);
     }},
    {"halt",
     [](const Words&) {
       std::println("halt");
       std::fflush(stdout);
       std::this_thread::sleep_for(std::chrono::hours(1));
     }},
};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    Words words;
    std::string text = argv[i];
    for (std::size_t end; (end = text.find('=')) != std::string::npos; text.erase(0, end + 1))
      words.push_back(text.substr(0, end));
    words.push_back(text);
    kActions.at(words[0])(words);
  }
}
