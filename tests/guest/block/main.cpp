// What tests/system/test_disks.py has done with disks, word by word: each argument is something to do with the first
// one.
#include <toro/block.hpp>
#include <toro/cores.hpp>
#include <toro/partitions.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <memory>
#include <print>
#include <span>
#include <string_view>
#include <vector>

namespace {

using toro::BlockDevice;
using toro::BlockOperation;
using toro::BlockRequest;

constexpr std::size_t kChunk = 24 * 1024;  // of several sectors of any size, in three segments

/// The test has the same: word `i` of the disk.
std::uint64_t pattern(std::uint64_t seed, std::uint64_t i) {
  return (i + seed) * 0x9e3779b97f4a7c15;
}

void tell(const toro::BlockError& error) {
  std::println("{} {}+{}: {}", toro::describe(error.operation), error.sector, error.count,
               toro::describe(error.reason));
}

struct Chunk : BlockRequest {
  explicit Chunk(toro::BlockCompletions& all) { completions = &all; }
  /// The disk's last one may be shorter.
  void resize(std::size_t size) {
    memory.resize(size / sizeof(std::uint64_t));
    const auto bytes = std::as_writable_bytes(std::span(memory));
    segments = {bytes};
    if (size == kChunk) segments = {bytes.first(4096), bytes.subspan(4096, kChunk - 8192), bytes.last(4096)};
    data = std::span(segments).first(size == kChunk ? 3 : 1);
  }
  std::vector<std::uint64_t> memory;
  std::array<std::span<std::byte>, 3> segments;
};

/// Goes over every `step`th chunk of the disk with 32 requests in flight; how many words read were wrong.
std::uint64_t go_over(BlockDevice& disk, BlockOperation operation, std::uint64_t seed, std::uint64_t first,
                      std::uint64_t step) {
  toro::BlockCompletions completions;
  std::vector<std::unique_ptr<Chunk>> chunks;
  const std::uint64_t size = disk.sectors() * disk.sector_size();
  const std::uint64_t count = (size + kChunk - 1) / kChunk;
  std::uint64_t next = first;
  std::uint64_t wrong = 0;
  std::size_t in_flight = 0;
  const auto start = [&](Chunk& chunk) {
    chunk.operation = operation;
    chunk.sector = next * (kChunk / disk.sector_size());
    chunk.resize(std::min<std::uint64_t>(kChunk, size - next * kChunk));
    const std::uint64_t at = next * (kChunk / sizeof(std::uint64_t));
    for (std::size_t i = 0; i < chunk.memory.size(); ++i)
      chunk.memory[i] = operation == BlockOperation::write ? pattern(seed, at + i) : 0;
    next += step;
    ++in_flight;
    disk.submit(chunk);
  };
  while (next < count && in_flight < 32) start(*chunks.emplace_back(std::make_unique<Chunk>(completions)));
  while (in_flight > 0) {
    auto& chunk = static_cast<Chunk&>(completions.wait());
    --in_flight;
    if (!chunk.result) {
      tell(chunk.result.error());
      ++wrong;
    } else if (operation == BlockOperation::read) {
      const std::uint64_t at = chunk.sector * disk.sector_size() / sizeof(std::uint64_t);
      for (std::size_t i = 0; i < chunk.memory.size(); ++i) wrong += chunk.memory[i] != pattern(seed, at + i) ? 1 : 0;
    }
    if (next < count) start(chunk);
  }
  return wrong;
}

std::uint64_t on_all_cores(BlockDevice& disk, BlockOperation operation, std::uint64_t seed) {
  std::vector<std::uint64_t> wrong(toro::cores());
  std::atomic<std::uint32_t> left = toro::cores();
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    toro::post(core, [&, core] {
      wrong[core] = go_over(disk, operation, seed, core, toro::cores());
      left.fetch_sub(1);
      left.notify_one();
    });
  for (std::uint32_t now = left; now != 0; now = left) left.wait(now);
  std::uint64_t all = 0;
  for (const auto count : wrong) all += count;
  return all;
}

void list() {
  for (const BlockDevice* disk : toro::block_devices())
    std::println("{} \"{}\" {} x {}{}", disk->name(), disk->identity(), disk->sectors(), disk->sector_size(),
                 disk->is_read_only() ? " read-only" : "");
}

void list_partitions(BlockDevice& disk) {
  std::array<toro::Partition, 16> found;
  const auto count = toro::partitions(disk, found);
  if (!count) return std::println("partitions: {}", toro::describe(count.error().reason));
  for (const auto& partition : std::span(found).first(*count))
    std::println("partition {} \"{}\" {}+{}", partition.number, partition.name(), partition.first, partition.sectors);
}

/// Sectors one by one, each in a call that waits; of all that fail, what they say.
void read_each(BlockDevice& disk, std::uint64_t count) {
  std::vector<std::byte> sector(disk.sector_size());
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (const auto done = disk.read(i, sector); done)
      ++good;
    else
      tell(done.error());
  }
  std::println("{} of {} sectors were read", good, count);
}

void zero(BlockDevice& disk) {
  std::vector<std::byte> sectors(64 * std::size_t{disk.sector_size()}, std::byte{0xff});
  const auto is_zero = [&](std::size_t first, std::size_t count) {
    for (std::size_t i = first * disk.sector_size(); i < (first + count) * disk.sector_size(); ++i)
      if (sectors[i] != std::byte{0}) return false;
    return true;
  };
  for (const auto& done : {disk.write(0, sectors), disk.write_zeroes(8, 16), disk.flush(), disk.read(0, sectors)})
    if (!done) return tell(done.error());
  std::println("zeros where they belong: {}", is_zero(8, 16) && !is_zero(7, 1) && !is_zero(24, 1));
  if (const auto done = disk.discard(32, 8); !done) return tell(done.error());
  std::println("discarded");
}

void refuse(BlockDevice& disk) {
  std::vector<std::byte> data(3 * std::size_t{disk.sector_size()});
  const auto part = std::span(data).first(100);
  for (const auto& done : {disk.read(disk.sectors() - 1, data), disk.write(disk.sectors(), data), disk.read(0, part),
                           disk.discard(UINT64_MAX, 1)})
    if (!done) tell(done.error());
  std::println("nothing at the end: {}", disk.read(disk.sectors(), {}).has_value());
}

int usage(std::string_view word) {
  std::println(stderr, "'{}' is nothing to do", word);
  return 2;
}

int execute(std::string_view word) {
  const auto devices = toro::block_devices();
  const std::string_view name = word.substr(0, word.find('='));
  std::uint64_t value = 0;
  if (name.size() < word.size()) std::from_chars(word.data() + name.size() + 1, word.data() + word.size(), value);
  if (name == "list") return list(), 0;
  static std::size_t chosen = 0;
  if (name == "disk") return chosen = value, 0;
  if (devices.size() <= chosen) return std::println(stderr, "there is no disk {}", chosen), 1;
  BlockDevice& disk = *devices[chosen];
  if (name == "write") {
    std::println("write: {} wrong", on_all_cores(disk, BlockOperation::write, value));
    if (const auto done = disk.flush(); !done) tell(done.error());
  } else if (name == "check") {
    std::println("check: {} wrong", on_all_cores(disk, BlockOperation::read, value));
  } else if (name == "read-each") {
    read_each(disk, value);
  } else if (name == "zero") {
    zero(disk);
  } else if (name == "refuse") {
    refuse(disk);
  } else if (name == "partitions") {
    list_partitions(disk);
  } else if (name == "last-core") {  // what comes next, on the last core
    return 0;
  } else {
    return usage(word);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const bool elsewhere = std::string_view(argv[i - 1]) == "last-core";
    const int status = toro::run_on(elsewhere ? toro::cores() - 1 : 0, [&] { return execute(argv[i]); });
    if (status != 0) return status;
  }
}
