// Files on a disk with ext2 and in a shared folder: a large one, and many small ones in one directory. What is read
// comes from the device: the filesystem is mounted anew before, but for stat-again.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "measure.hpp"
#include "volume.hpp"

namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr std::size_t kPart = 128 * 1024;  // what cp and cat move at once
constexpr std::size_t kSmall = 4096;
constexpr std::size_t kContent = 1024;  // of a small file
constexpr std::uint64_t kMebibytes = 256;
constexpr std::uint64_t kFiles = 10'000;

const std::string kPlace = "/volume";
const std::string kLarge = kPlace + "/large";
const std::string kMany = kPlace + "/many";

void require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

std::string small_file(std::uint64_t number) {
  return kMany + "/file-" + std::to_string(number);
}

/// A filesystem, and what was put into it so far.
class Volume {
 public:
  explicit Volume(const char* kind) : kind_(kind), source_(platform::source_of(kind)) {}
  [[nodiscard]] bool is_there() const { return source_ != nullptr; }

  /// With nothing of it in memory.
  void mount_anew() {
    unmount();
    mkdir(kPlace.c_str(), 0755);
    require(mount(source_, kPlace.c_str(), kind_, 0, nullptr) == 0, "mount");
    mounted_ = true;
  }
  void unmount() {
    if (mounted_) require(umount(kPlace.c_str()) == 0, "umount");
    mounted_ = false;
  }

  bench::Time write_large(std::uint64_t mebibytes) {
    const std::vector<char> part(kPart, 'x');
    const bench::Time start = bench::Time::now();
    const int file = open(kLarge.c_str(), O_WRONLY | O_CREAT, 0644);
    for (std::uint64_t i = 0; i < mebibytes * kMebibyte / kPart; ++i)
      require(write(file, part.data(), kPart) == kPart, "write");
    require(fsync(file) == 0 && close(file) == 0, "fsync");
    large_ = mebibytes;
    return bench::Time::now() - start;
  }
  void need_large(std::uint64_t mebibytes) {
    mount_anew();
    if (large_ < mebibytes) write_large(mebibytes);
    mount_anew();
  }

  bench::Time create_files(std::uint64_t count) {
    require(mkdir(kMany.c_str(), 0755) == 0, "mkdir");
    const std::vector<char> content(kContent, 'y');
    const bench::Time start = bench::Time::now();
    for (std::uint64_t i = 0; i < count; ++i) {
      const int file = open(small_file(i).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      require(write(file, content.data(), kContent) == kContent && close(file) == 0, "a small file");
    }
    files_ = count;
    return bench::Time::now() - start;
  }
  /// Those of an earlier run too.
  void remove_files() {
    for (std::uint64_t i = 0; unlink(small_file(i).c_str()) == 0;) ++i;
    require(rmdir(kMany.c_str()) == 0 || errno == ENOENT, "rmdir");
    files_ = 0;
  }
  void need_files(std::uint64_t count) {
    mount_anew();
    if (files_ != count) {
      remove_files();
      create_files(count);
    }
    mount_anew();
  }

 private:
  const char* kind_;
  const char* source_;
  bool mounted_ = false;
  std::uint64_t large_ = 0;  ///< mebibytes
  std::uint64_t files_ = 0;
};

template <class F>
bench::Time timed(F f) {
  const bench::Time start = bench::Time::now();
  f();
  return bench::Time::now() - start;
}

void look_at_files(std::uint64_t count) {
  struct stat about{};
  for (std::uint64_t i = 0; i < count; ++i)
    require(stat(small_file(i).c_str(), &about) == 0 && about.st_size == kContent, "stat");
}

void read_in_order(std::uint64_t mebibytes) {
  std::vector<char> part(kPart);
  const int file = open(kLarge.c_str(), O_RDONLY);
  for (std::uint64_t i = 0; i < mebibytes * kMebibyte / kPart; ++i)
    require(read(file, part.data(), kPart) == kPart, "read");
  close(file);
}

void read_at_random(std::uint64_t count, std::uint64_t mebibytes) {
  std::vector<char> part(kSmall);
  std::uint64_t state = 88172645463325252;  // xorshift64: the same places on both systems
  const int file = open(kLarge.c_str(), O_RDONLY);
  for (std::uint64_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const auto place = static_cast<off_t>(state % (mebibytes * kMebibyte / kSmall) * kSmall);
    require(pread(file, part.data(), kSmall, place) == kSmall, "pread");
  }
  close(file);
}

void list_files(std::uint64_t count) {
  DIR* const directory = opendir(kMany.c_str());
  std::uint64_t found = 0;
  while (readdir(directory) != nullptr) ++found;
  closedir(directory);
  require(found == count + 2, "readdir");
}

using Measure = void (*)(bench::Run& run, Volume& volume);

constexpr Measure kWrite = [](bench::Run& run, Volume& volume) {
  run.measure_part(kMebibytes, [&](std::uint64_t n) {
    volume.mount_anew();
    unlink(kLarge.c_str());
    return volume.write_large(n);
  });
};
constexpr Measure kRead = [](bench::Run& run, Volume& volume) {
  run.measure_part(kMebibytes, [&](std::uint64_t n) {
    volume.need_large(n);
    return timed([&] { read_in_order(n); });
  });
};
constexpr Measure kRandom = [](bench::Run& run, Volume& volume) {
  run.measure_part(kFiles, [&](std::uint64_t n) {
    const std::uint64_t mebibytes = n < kFiles ? 2 : kMebibytes;
    volume.need_large(mebibytes);
    return timed([&] { read_at_random(n, mebibytes); });
  });
};
constexpr Measure kCreate = [](bench::Run& run, Volume& volume) {
  run.measure_part(kFiles, [&](std::uint64_t n) {
    volume.mount_anew();
    volume.remove_files();
    volume.mount_anew();
    return volume.create_files(n);
  });
};
constexpr Measure kStat = [](bench::Run& run, Volume& volume) {
  run.measure_part(kFiles, [&](std::uint64_t n) {
    volume.need_files(n);
    return timed([&] { look_at_files(n); });
  });
};
constexpr Measure kStatAgain = [](bench::Run& run, Volume& volume) {
  run.measure_part(kFiles, [&](std::uint64_t n) {
    volume.need_files(n);
    look_at_files(n);
    list_files(n);  // what a server says of names holds for a second
    return timed([&] { look_at_files(n); });
  });
};
constexpr Measure kReaddir = [](bench::Run& run, Volume& volume) {
  run.measure_part(kFiles, [&](std::uint64_t n) {
    volume.need_files(n);
    return timed([&] { list_files(n); });
  });
};

Volume& volume_of(const char* kind) {
  static Volume disk("ext2");
  static Volume folder("virtiofs");
  return std::string_view(kind) == "ext2" ? disk : folder;
}

constexpr char kDisk[] = "ext2";
constexpr char kFolder[] = "virtiofs";

template <const char* kKind, Measure kMeasure>
void measure(bench::Run& run) {
  Volume& volume = volume_of(kKind);
  if (!volume.is_there()) return run.skip("the machine has no such device");
  kMeasure(run, volume);
  volume.unmount();
}

constexpr bench::Case kCases[] = {
    {"ext2-write", measure<kDisk, kWrite>},
    {"ext2-read", measure<kDisk, kRead>},
    {"ext2-random-4k", measure<kDisk, kRandom>},
    {"ext2-create", measure<kDisk, kCreate>},
    {"ext2-stat", measure<kDisk, kStat>},
    {"ext2-stat-again", measure<kDisk, kStatAgain>},
    {"ext2-readdir", measure<kDisk, kReaddir>},
    {"virtiofs-write", measure<kFolder, kWrite>},
    {"virtiofs-read", measure<kFolder, kRead>},
    {"virtiofs-random-4k", measure<kFolder, kRandom>},
    {"virtiofs-create", measure<kFolder, kCreate>},
    {"virtiofs-stat", measure<kFolder, kStat>},
    {"virtiofs-stat-again", measure<kFolder, kStatAgain>},
    {"virtiofs-readdir", measure<kFolder, kReaddir>},
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
