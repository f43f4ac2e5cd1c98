// Walks ACPI's root pointer and the list of tables.
#include "kernel/firmware/acpi.hpp"

#include "kernel/firmware/low_memory.hpp"

namespace toro::firmware::acpi {
namespace {

// [ACPI 6.5 §5.2.5.3]
struct [[gnu::packed]] RootPointer {
  char signature[8];
  std::uint8_t checksum;  // of the first 20 bytes
  char oem_id[6];
  std::uint8_t revision;  // from 2 on the following fields but `rsdt` are there
  std::uint32_t rsdt;
  std::uint32_t length;
  std::uint64_t xsdt;
  std::uint8_t extended_checksum;  // of all
  std::uint8_t reserved[3];
};
static_assert(sizeof(RootPointer) == 36 && offsetof(RootPointer, length) == 20 && offsetof(RootPointer, xsdt) == 24);

constexpr std::size_t kFirstRevisionLength = 20;
constexpr std::uint32_t kRsd = 0x20445352;  // "RSD "
constexpr Area kBiosReadOnly{.address = 0xe0000, .length = 0x20000};

std::string_view signature_of(Bytes bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes.data()), length};
}

std::expected<RootPointer, Error> read_root_pointer(const PhysicalMemory& memory, std::uint64_t address) {
  const auto first = memory.read(address, kFirstRevisionLength);
  if (!first) return std::unexpected{first.error()};
  if (signature_of(*first, 8) != "RSD PTR ") return std::unexpected{Error::bad_signature};
  if (!sums_to_zero(*first)) return std::unexpected{Error::bad_checksum};
  const auto root = load<RootPointer>(*first);
  if (root.revision < 2) return root;

  const auto whole = memory.read(address, sizeof(RootPointer));
  if (!whole) return std::unexpected{whole.error()};
  const auto extended = load<RootPointer>(*whole);
  if (extended.length != sizeof(RootPointer)) return std::unexpected{Error::bad_length};
  if (!sums_to_zero(*whole)) return std::unexpected{Error::bad_checksum};
  return extended;
}

}  // namespace

std::expected<std::uint64_t, Error> find_root_pointer(const PhysicalMemory& memory) {
  const Area areas[]{extended_bios_data(memory), kBiosReadOnly};
  return find_pointer(memory, areas, kRsd,
                      [&](std::uint64_t address) { return read_root_pointer(memory, address).has_value(); });
}

std::expected<Bytes, Error> read_table(const PhysicalMemory& memory, std::uint64_t address,
                                       std::string_view signature) {
  const auto start = memory.read(address, sizeof(TableHeader));
  if (!start) return std::unexpected{start.error()};
  if (signature_of(*start, 4) != signature) return std::unexpected{Error::bad_signature};
  const std::size_t length = load<TableHeader>(*start).length;
  if (length < sizeof(TableHeader) || length > kLargestTable) return std::unexpected{Error::bad_length};
  const auto table = memory.read(address, length);
  if (table && !sums_to_zero(*table)) return std::unexpected{Error::bad_checksum};
  return table;
}

std::expected<Tables::List, Error> Tables::read_list(const PhysicalMemory& memory, std::uint64_t address,
                                                     std::string_view signature, std::size_t entry_size) {
  const auto table = read_table(memory, address, signature);
  if (!table) return std::unexpected{table.error()};
  return List{address + sizeof(TableHeader), (table->size() - sizeof(TableHeader)) / entry_size, entry_size};
}

std::expected<Tables, Error> Tables::open(const PhysicalMemory& memory, std::uint64_t root_pointer) {
  const auto root = read_root_pointer(memory, root_pointer);
  if (!root) return std::unexpected{root.error()};
  auto list = read_list(memory, root->xsdt, "XSDT", sizeof(std::uint64_t));
  if (!list) list = read_list(memory, root->rsdt, "RSDT", sizeof(std::uint32_t));
  if (!list) return std::unexpected{list.error()};
  return Tables{memory, *list};
}

std::expected<Bytes, Error> Tables::find(std::string_view signature) const {
  std::expected<Bytes, Error> refused = std::unexpected{Error::not_found};
  for (std::size_t i = 0; i < list_.entries; ++i) {
    const auto entry = memory_.read(list_.address + i * list_.entry_size, list_.entry_size);
    if (!entry) return std::unexpected{entry.error()};
    const auto table = read_table(memory_, load<std::uint64_t>(*entry), signature);
    if (table) return table;
    if (table.error() == Error::bad_signature) continue;
    if (refused.error() == Error::not_found || refused.error() == Error::unreachable) refused = table;
  }
  return refused;
}

}  // namespace toro::firmware::acpi
