// What a test asks to be done in a shared folder, one word after the other; each says in one line how it went.
#include <toro/cores.hpp>
#include <toro/file.hpp>
#include <toro/mount.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "original.hpp"

namespace {

namespace fs = std::filesystem;

const std::string kShare = "/share0";

/// As the test on the host computes it.
std::vector<std::uint64_t> pattern(std::uint64_t seed, std::size_t bytes) {
  std::vector<std::uint64_t> words(bytes / 8);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = (i + seed) * 0x9e3779b97f4a7c15;
  return words;
}

/// How many bytes were moved before something went wrong, in calls of `chunk` bytes.
std::size_t write_pattern(const std::string& name, std::uint64_t seed, std::size_t bytes, std::size_t chunk) {
  const auto words = pattern(seed, bytes);
  const int file = open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return 0;
  const auto* const data = reinterpret_cast<const char*>(words.data());
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = write(file, data + done, std::min(chunk, bytes - done));
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return close(file) == 0 ? done : 0;
}

std::size_t check_pattern(const std::string& name, std::uint64_t seed, std::size_t bytes, std::size_t chunk) {
  const auto expected = pattern(seed, bytes);
  std::vector<std::uint64_t> words(bytes / 8 + 1);
  const int file = open(name.c_str(), O_RDONLY);
  if (file < 0) return 0;
  auto* const data = reinterpret_cast<char*>(words.data());
  std::size_t done = 0;
  for (;;) {
    const ssize_t count = read(file, data + done, std::min(chunk, bytes + 8 - done));
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  close(file);
  return std::memcmp(words.data(), expected.data(), bytes) == 0 ? done : 0;
}

/// Calls and their errors, that are to be 0 where nothing else is said.
struct Steps {
  int number = 0;
  bool good = true;

  void expect(bool holds, const char* what) {
    ++number;
    if (holds) return;
    good = false;
    std::printf("step %d went wrong: %s (errno %d)\n", number, what, errno);
  }
};
#define EXPECT(steps, condition) (steps).expect((condition), #condition)

void names() {
  Steps steps;
  const std::string d = kShare + "/d";
  EXPECT(steps, mkdir(d.c_str(), 0755) == 0);
  EXPECT(steps, mkdir(d.c_str(), 0755) == -1 && errno == EEXIST);
  std::ofstream(d + "/first") << "one\n";
  std::ofstream(d + "/first", std::ios::app) << "two\n";
  EXPECT(steps, fs::file_size(d + "/first") == 8);
  EXPECT(steps, rename((d + "/first").c_str(), (d + "/second").c_str()) == 0);
  EXPECT(steps, access((d + "/first").c_str(), F_OK) == -1 && errno == ENOENT);
  EXPECT(steps, link((d + "/second").c_str(), (d + "/hard").c_str()) == 0);
  struct stat status{};
  EXPECT(steps, stat((d + "/second").c_str(), &status) == 0 && status.st_nlink == 2 && S_ISREG(status.st_mode));
  EXPECT(steps, symlink("second", (d + "/soft").c_str()) == 0);
  char target[32]{};
  EXPECT(steps, readlink((d + "/soft").c_str(), target, sizeof target) == 6 && std::string(target) == "second");
  std::string text;
  std::getline(std::ifstream(d + "/soft"), text);
  EXPECT(steps, text == "one");
  EXPECT(steps, truncate((d + "/hard").c_str(), 3) == 0 && fs::file_size(d + "/second") == 3);
  EXPECT(steps, chmod((d + "/second").c_str(), 0600) == 0);
  const timespec times[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 5}, {.tv_sec = 1'100'000'000, .tv_nsec = 7}};
  EXPECT(steps, utimensat(AT_FDCWD, (d + "/second").c_str(), times, 0) == 0);
  EXPECT(steps, stat((d + "/hard").c_str(), &status) == 0 && (status.st_mode & 07777) == 0600);
  EXPECT(steps, status.st_mtim.tv_sec == 1'100'000'000 && status.st_mtim.tv_nsec == 7);
  EXPECT(steps, rmdir(d.c_str()) == -1 && errno == ENOTEMPTY);
  EXPECT(steps, unlink(d.c_str()) == -1 && errno == EISDIR);
  EXPECT(steps, rename(d.c_str(), (d + "/within").c_str()) == -1 && errno == EINVAL);
  EXPECT(steps, rename((d + "/second").c_str(), "/tmp/second") == -1 && errno == EXDEV);
  const int file = open((d + "/gone").c_str(), O_RDWR | O_CREAT | O_EXCL, 0644);
  EXPECT(steps, file >= 0 && write(file, "kept", 4) == 4);
  EXPECT(steps, unlink((d + "/gone").c_str()) == 0 && fstat(file, &status) == 0 && status.st_nlink == 0);
  EXPECT(steps, pread(file, target, 4, 0) == 4 && std::memcmp(target, "kept", 4) == 0);
  EXPECT(steps, fsync(file) == 0 && close(file) == 0);
  struct statvfs of_all{};
  EXPECT(steps, statvfs(kShare.c_str(), &of_all) == 0 && of_all.f_blocks > 0);
  const std::string longest = d + "/" + std::string(255, 'n');
  EXPECT(steps, close(open(longest.c_str(), O_WRONLY | O_CREAT, 0644)) == 0);
  EXPECT(steps, open((longest + "n").c_str(), O_RDONLY) == -1 && errno == ENAMETOOLONG);
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(d)) found.push_back(entry.path().filename().string().substr(0, 6));
  std::ranges::sort(found);
  EXPECT(steps, found == std::vector<std::string>({"hard", "nnnnnn", "second", "soft"}));
  EXPECT(steps, unlink((d + "/soft").c_str()) == 0);
  std::printf("names: %s\n", steps.good ? "good" : "bad");
}

/// Files of a directory, made, listed and looked at.
void many(std::size_t count) {
  const std::string d = kShare + "/many";
  mkdir(d.c_str(), 0755);
  for (std::size_t i = 0; i < count; ++i)
    if (close(open((d + "/file" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644)) != 0) break;
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(d)) seen += entry.is_regular_file() ? 1 : 0;
  std::size_t empty = 0;
  for (std::size_t i = 0; i < count; ++i) empty += fs::file_size(d + "/file" + std::to_string(i)) == 0 ? 1 : 0;
  std::printf("many: %zu listed, %zu empty\n", seen, empty);
}

/// `count` threads, spread over the cores, each with a file of its own, at the same time.
void threads(unsigned count, std::size_t bytes) {
  std::vector<toro::Thread<void>> all;
  std::vector<std::size_t> moved(count);
  for (unsigned i = 0; i < count; ++i)
    all.push_back(toro::thread::create({.core = i % toro::cores()}, [i, bytes, &moved] {
      const std::string name = kShare + "/thread" + std::to_string(i);
      if (write_pattern(name, i, bytes, 16384) == bytes) moved[i] = check_pattern(name, i, bytes, 16384);
    }));
  for (auto& thread : all) thread.join();
  std::printf("threads: %zu of %u\n", static_cast<std::size_t>(std::ranges::count(moved, bytes)), count);
}

/// Writes until it fails, with `count` threads; says by which errors.
void until_error(unsigned count) {
  std::vector<toro::Thread<void>> all;
  std::vector<int> errors(count);
  toro::Semaphore begun(0);
  for (unsigned i = 0; i < count; ++i)
    all.push_back(toro::thread::create({.core = i % toro::cores()}, [i, &errors, &begun] {
      const int file = open((kShare + "/endless" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT, 0644);
      const std::vector<char> data(65536);
      const auto writes = [&] {
        return pwrite(file, data.data(), data.size(), 0) == static_cast<ssize_t>(data.size());
      };
      if (writes()) begun.release();
      while (writes()) {
      }
      errors[i] = errno;
      close(file);
    }));
  for (unsigned i = 0; i < count; ++i) begun.acquire();
  std::printf("until-error: begun\n");
  std::fflush(stdout);
  for (auto& thread : all) thread.join();
  std::printf("until-error:");
  for (const int error : errors) std::printf(" %d", error);
  std::printf("\nstat: %s\n", access((kShare + "/endless0").c_str(), F_OK) == 0 ? "0" : std::strerror(errno));
}

void say_result(const char* what, const toro::FileResult<void>& result) {
  std::printf("%s: %s\n", what, result ? "done" : std::string(toro::describe(result.error())).c_str());
}

void say(const char* what, const std::string& name, std::size_t bytes) {
  std::printf("%s %s: %zu\n", what, name.c_str(), bytes);
}

struct Figures {
  std::string name;
  std::uint64_t seed = 0;
  std::size_t bytes = 0;
  std::size_t chunk = 0;
};

/// NAME,SEED,BYTES,CHUNK
Figures figures_of(const std::string& text) {
  Figures figures;
  char name[64]{};
  static_cast<void>(
      std::sscanf(text.c_str(), "%63[^,],%lu,%zu,%zu", name, &figures.seed, &figures.bytes, &figures.chunk));
  figures.name = kShare + "/" + name;
  return figures;
}

void do_word(const std::string& word) {
  const auto equals = word.find('=');
  const std::string what = word.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
  const auto begin = std::chrono::steady_clock::now();
  if (what == "write" || what == "check") {
    const Figures f = figures_of(value);
    say(what.c_str(), value, (what == "write" ? write_pattern : check_pattern)(f.name, f.seed, f.bytes, f.chunk));
  }
  if (what == "names") names();
  if (what == "original") original_test(kShare);
  if (what == "many") many(std::stoul(value));
  if (what == "threads") threads(static_cast<unsigned>(std::stoul(value)), 1 << 20);
  if (what == "until-error") until_error(static_cast<unsigned>(std::stoul(value)));
  if (what == "mount") {
    mkdir(kShare.c_str(), 0755);
    say_result("mount", toro::mount("share0", kShare, {.core = static_cast<unsigned>(std::stoul(value))}));
  }
  if (what == "unmount") say_result("unmount", toro::unmount(kShare));
  if (what == "cat") {
    std::ifstream file(kShare + "/" + value);
    std::string text;
    std::getline(file, text);
    std::printf("cat %s: %s\n", value.c_str(), file ? text.c_str() : std::strerror(errno));
  }
  if (std::getenv("TIMES") != nullptr)
    std::printf("%s took %.1f ms\n", word.c_str(),
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
}

}  // namespace

int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    if (std::string(words[i]) == "times")
      setenv("TIMES", "1", 1);
    else
      do_word(words[i]);
  }
  return 0;
}
