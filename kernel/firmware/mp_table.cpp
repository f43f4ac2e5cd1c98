// Finds the MP configuration table.
#include "kernel/firmware/mp_table.hpp"

#include "kernel/firmware/low_memory.hpp"

namespace toro::firmware::mp {
namespace {

// [MP 1.4 §4.1]
struct [[gnu::packed]] FloatingPointer {
  std::uint32_t signature;
  std::uint32_t table;
  std::uint8_t length;  // of this structure, in 16 bytes
  std::uint8_t revision;
  std::uint8_t checksum;
  std::uint8_t default_configuration;  // not 0: the number of one, and no table
  std::uint8_t features[4];
};
static_assert(sizeof(FloatingPointer) == 16);

constexpr std::uint32_t kMp = 0x5f504d5f;    // "_MP_"
constexpr std::uint32_t kPcmp = 0x504d4350;  // "PCMP"
constexpr Area kBios{.address = 0xf0000, .length = 0x10000};

}  // namespace

std::expected<Bytes, Error> find_table(const PhysicalMemory& memory) {
  const Area areas[]{extended_bios_data(memory), end_of_base_memory(memory), kBios};
  FloatingPointer pointer{};
  const auto found = find_pointer(memory, areas, kMp, [&](std::uint64_t address) {
    const auto bytes = memory.read(address, sizeof pointer);
    if (!bytes || !sums_to_zero(*bytes)) return false;
    pointer = load<FloatingPointer>(*bytes);
    return pointer.length == 1;
  });
  if (!found) return std::unexpected{found.error()};
  if (pointer.default_configuration != 0) return std::unexpected{Error::default_configuration};

  const auto start = memory.read(pointer.table, sizeof(format::Header));
  if (!start) return std::unexpected{start.error()};
  if (load<std::uint32_t>(*start) != kPcmp) return std::unexpected{Error::bad_signature};
  const std::size_t length = load<format::Header>(*start).length;
  if (length < sizeof(format::Header)) return std::unexpected{Error::bad_length};
  const auto table = memory.read(pointer.table, length);
  if (table && !sums_to_zero(*table)) return std::unexpected{Error::bad_checksum};
  return table;
}

}  // namespace toro::firmware::mp
