// How fast the first disk is: random reads of 4 KB one by one and 32 at a time, and a sequential read.
#include <toro/block.hpp>

#include <chrono>
#include <cstdlib>
#include <format>
#include <memory>
#include <optional>
#include <print>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::runtime_error failure(const toro::BlockError& error) {
  return std::runtime_error(std::format("{} of {} sectors from {} on: {}", toro::describe(error.operation), error.count,
                                        error.sector, toro::describe(error.reason)));
}

/// One read that is begun again and again: its data lies in one piece, and it remembers where.
struct Read : toro::BlockRequest {
  std::vector<std::byte> memory;
  std::span<std::byte> segment;

  Read(std::size_t size, toro::BlockCompletions& completions) : memory(size), segment(memory) {
    this->data = {&segment, 1};
    this->completions = &completions;
  }
  Read(const Read&) = delete;
};

/// Reads `size` bytes from places that `next()` chooses, `depth` reads at any time, for `time`. Reads a second.
template <class Next>
double measure(toro::BlockDevice& disk, std::size_t size, unsigned depth, std::chrono::milliseconds time, Next next) {
  toro::BlockCompletions completions;
  std::vector<std::unique_ptr<Read>> reads;
  std::vector<toro::BlockRequest*> batch;
  for (unsigned i = 0; i < depth; ++i) {
    reads.push_back(std::make_unique<Read>(size, completions));
    reads.back()->sector = next();
    batch.push_back(reads.back().get());
  }
  std::uint64_t done = 0;
  std::optional<toro::BlockError> error;
  const auto start = Clock::now();
  const auto end = start + time;
  for (std::size_t in_flight = depth; in_flight > 0;) {
    disk.submit(batch);
    batch.clear();
    // All that have ended by now, and one at least: they are begun again together.
    for (auto* read = &completions.wait(); read != nullptr; read = completions.take()) {
      if (!read->result && !error) error = read->result.error();
      ++done;
      read->sector = next();
      batch.push_back(read);
    }
    if (error || Clock::now() >= end) {
      in_flight -= batch.size();
      batch.clear();
    }
  }
  if (error) throw failure(*error);
  return static_cast<double>(done) / std::chrono::duration<double>(Clock::now() - start).count();
}

void measure_all(toro::BlockDevice& disk, std::chrono::milliseconds time) {
  constexpr std::size_t kSmall = 4096;
  constexpr std::size_t kLarge = 1 << 20;
  const std::uint64_t bytes = disk.sectors() * disk.sector_size();
  if (bytes < kLarge || disk.sector_size() > kSmall) throw std::runtime_error("a disk of 1 MB at least was expected");
  std::mt19937_64 random(1);
  const auto anywhere = [&] { return random() % (bytes / kSmall) * (kSmall / disk.sector_size()); };
  for (const unsigned depth : {1U, 32U})
    std::println("random reads of 4 KB, {:2} at a time: {:.0f} a second", depth,
                 measure(disk, kSmall, depth, time, anywhere));
  std::uint64_t at = 0;
  const auto in_order = [&] { return at++ % (bytes / kLarge) * (kLarge / disk.sector_size()); };
  std::println("sequential reads of 1 MB: {:.0f} MB/s",
               measure(disk, kLarge, 2, time, in_order) * static_cast<double>(kLarge) / 1e6);
}

}  // namespace

/// block-bench [MILLISECONDS of each measurement]
int main(int argc, char** argv) {
  const std::chrono::milliseconds time(argc > 1 ? std::atoi(argv[1]) : 1000);
  const auto disks = toro::block_devices();
  if (disks.empty()) {
    std::println(stderr, "a disk was expected: give one by --disk IMG, or --disk 64M");
    return 1;
  }
  toro::BlockDevice& disk = *disks.front();
  std::println("{} \"{}\": {} sectors of {} bytes{}", disk.name(), disk.identity(), disk.sectors(), disk.sector_size(),
               disk.is_read_only() ? ", read-only" : "");
  try {
    measure_all(disk, time);
  } catch (const std::exception& error) {
    std::println(stderr, "{}: {}", disk.name(), error.what());
    return 1;
  }
}
