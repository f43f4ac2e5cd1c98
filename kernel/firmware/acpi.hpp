// Finds ACPI's tables: from the root pointer over the list of tables to the one with a signature. [ACPI 6.5 §5.2]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::acpi {

/// What every table but the root pointer begins with. [ACPI 6.5 §5.2.6]
struct [[gnu::packed]] TableHeader {
  char signature[4];
  std::uint32_t length;  ///< bytes, this header included
  std::uint8_t revision;
  std::uint8_t checksum;
  char oem_id[6];
  char oem_table_id[8];
  std::uint32_t oem_revision;
  std::uint32_t creator_id;
  std::uint32_t creator_revision;
};
static_assert(sizeof(TableHeader) == 36 && offsetof(TableHeader, revision) == 8);

/// Where a register is; other spaces than these occur, since the table is the machine's. [ACPI 6.5 §5.2.3.2]
enum class AddressSpace : std::uint8_t { memory = 0, io = 1 };
struct GenericAddress {
  AddressSpace space = AddressSpace::memory;
  std::uint8_t bits = 0;
  std::uint64_t address = 0;  ///< 0: there is no such register
};

namespace format {

struct [[gnu::packed]] GenericAddress {
  AddressSpace space;
  std::uint8_t bits, bit_offset, access_size;
  std::uint64_t address;

  [[nodiscard]] acpi::GenericAddress value() const { return {space, bits, address}; }
};
static_assert(sizeof(GenericAddress) == 12);

}  // namespace format

/// Searches for the root pointer where the firmware of a PC leaves it: 8,256 reads of 4 bytes where there is none. For
/// loaders that do not tell it. [ACPI 6.5 §5.2.5.1]
[[nodiscard]] std::expected<std::uint64_t, Error> find_root_pointer(const PhysicalMemory& memory);

/// The table at `address`: signature (4 characters), length and checksum are right.
[[nodiscard]] std::expected<Bytes, Error> read_table(const PhysicalMemory& memory, std::uint64_t address,
                                                     std::string_view signature);

/// The machine's tables. Keeps no bytes, only where the list is: what find() gave is good until the reader of memory is
/// used again.
class Tables {
 public:
  /// Reads the root pointer at `root_pointer` and the list that it names: the XSDT where there is a good one, else the
  /// RSDT.
  [[nodiscard]] static std::expected<Tables, Error> open(const PhysicalMemory& memory, std::uint64_t root_pointer);

  /// The first good table with this signature. Else why the first with that signature was refused; unreachable where
  /// none has it and some cannot be looked at, not_found where none has it.
  [[nodiscard]] std::expected<Bytes, Error> find(std::string_view signature) const;

 private:
  struct List {
    std::uint64_t address = 0;
    std::size_t entries = 0;
    std::size_t entry_size = 0;  // bytes of a table's address
  };

  Tables(const PhysicalMemory& memory, const List& list) : memory_{memory}, list_{list} {}
  static std::expected<List, Error> read_list(const PhysicalMemory& memory, std::uint64_t address,
                                              std::string_view signature, std::size_t entry_size);

  PhysicalMemory memory_;
  List list_;
};

}  // namespace toro::firmware::acpi
