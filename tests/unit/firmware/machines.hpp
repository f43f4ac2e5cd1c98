// Memory of real machines, and tables made up for a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/firmware/physical_memory.hpp"
#include "tests/unit/firmware/fake_memory.hpp"

namespace toro::firmware::test {

using Buffer = std::vector<std::uint8_t>;

/// What QEMU 7.2's machine left behind: `name` is a file below tests/fuzz.
inline FakeMemory machine(const std::string& name) {
  std::ifstream file{std::string{TORO_FUZZ_DIR "/"} + name, std::ios::binary};
  if (!file) throw std::runtime_error("no such machine: " + name);
  return FakeMemory{Buffer{std::istreambuf_iterator<char>{file}, {}}};
}

inline void append(Buffer& to, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

inline void append(Buffer& to, std::string_view text) {
  to.insert(to.end(), text.begin(), text.end());
}

inline Buffer joined(const std::vector<Buffer>& parts) {
  Buffer whole;
  for (const Buffer& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

inline Bytes bytes(const Buffer& buffer) {
  return std::as_bytes(std::span{buffer});
}

/// An ACPI table with length and checksum as they must be.
inline Buffer acpi_table(std::string_view signature, std::uint8_t revision, const Buffer& body) {
  Buffer table;
  append(table, signature);
  append(table, 36 + body.size(), 4);
  append(table, revision, 1);
  table.resize(36);
  table.insert(table.end(), body.begin(), body.end());
  FakeMemory::fix(table, 9);
  return table;
}

inline Buffer root_pointer(std::uint64_t rsdt, std::uint64_t xsdt) {
  Buffer root;
  append(root, "RSD PTR ");
  append(root, 0, 7);
  append(root, xsdt == 0 ? 0 : 2, 1);
  append(root, rsdt, 4);
  FakeMemory::fix(root, 8);
  if (xsdt == 0) return root;
  append(root, 36, 4);
  append(root, xsdt, 8);
  append(root, 0, 4);
  FakeMemory::fix(root, 8);  // both sums are right: the first 20 bytes' sum is part of the second
  unsigned first = 0;
  for (std::size_t i = 0; i < 20; ++i) first += root[i];
  root[8] = static_cast<std::uint8_t>(root[8] - first);
  FakeMemory::fix(root, 32);
  return root;
}

inline Buffer addresses(const std::vector<std::uint64_t>& list, std::size_t size) {
  Buffer body;
  for (const std::uint64_t address : list) append(body, address, size);
  return body;
}

inline Buffer madt_table(const std::vector<Buffer>& entries) {
  Buffer body;
  append(body, 0xfee00000, 4);
  append(body, 1, 4);
  const Buffer rest = joined(entries);
  body.insert(body.end(), rest.begin(), rest.end());
  return acpi_table("APIC", 4, body);
}

inline Buffer local_apic(std::uint8_t id, std::uint32_t flags) {
  Buffer entry{0, 8, id, id};
  append(entry, flags, 4);
  return entry;
}

inline Buffer local_x2apic(std::uint32_t id, std::uint32_t flags) {
  Buffer entry{9, 16, 0, 0};
  append(entry, id, 4);
  append(entry, flags, 4);
  append(entry, id, 4);
  return entry;
}

/// A machine with a root pointer at 0xe0000 and these tables, from 2 MiB on.
inline FakeMemory acpi_machine(const std::vector<Buffer>& tables) {
  FakeMemory memory;
  std::vector<std::uint64_t> list;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    list.push_back(0x200000 + i * 0x10000);
    memory.put(list.back(), tables[i]);
  }
  memory.put(0x100000, acpi_table("XSDT", 1, addresses(list, 8)));
  memory.put(0xe0000, root_pointer(0, 0x100000));
  return memory;
}

inline Buffer mp_processor(std::uint8_t id, std::uint8_t flags) {
  Buffer entry{0, id, 0x14, flags};
  entry.resize(20);
  return entry;
}

inline Buffer mp_pointer(std::uint32_t table, std::uint8_t default_configuration = 0) {
  Buffer pointer;
  append(pointer, "_MP_");
  append(pointer, table, 4);
  append(pointer, 0x0401, 2);
  pointer.push_back(0);
  pointer.push_back(default_configuration);
  pointer.resize(16);
  FakeMemory::fix(pointer, 10);
  return pointer;
}

inline Buffer mp_table(const std::vector<Buffer>& entries) {
  const Buffer body = joined(entries);
  Buffer table;
  append(table, "PCMP");
  append(table, 44 + body.size(), 2);
  append(table, 4, 2);
  table.resize(44);
  table.insert(table.end(), body.begin(), body.end());
  FakeMemory::fix(table, 7);
  return table;
}

}  // namespace toro::firmware::test
