#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "gdbstub/target/x86_64/instruction.hpp"
#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/page_walk.hpp"
#include "gdbstub/target/x86_64/software_breakpoints.hpp"

using namespace toro::gdbstub;
using namespace toro::gdbstub::x86_64;

namespace {

/// Text at 0x1000 for the breakpoints of this file.
std::array<std::byte, 512> text;

}  // namespace

namespace toro::gdbstub::x86_64 {

std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) {
  if (address < 0x1000 || address + to.size() > 0x1000 + text.size()) return 0;
  std::copy_n(text.data() + (address - 0x1000), to.size(), to.data());
  return to.size();
}
std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) {
  if (address < 0x1000 || address + from.size() > 0x1000 + text.size()) return 0;
  std::copy_n(from.data(), from.size(), text.data() + (address - 0x1000));
  return from.size();
}

}  // namespace toro::gdbstub::x86_64

TEST_CASE("software breakpoints: in memory only while the machine runs") {
  text.fill(std::byte{0x90});
  SoftwareBreakpoints breakpoints;
  CHECK(breakpoints.insert(0x1010) == BreakpointResult::done);
  CHECK(breakpoints.insert(0x1010) == BreakpointResult::done);
  CHECK(breakpoints.insert(0x1020) == BreakpointResult::done);
  CHECK(breakpoints.insert(0) == BreakpointResult::unmapped);
  CHECK(breakpoints.size() == 2);
  CHECK(text[0x10] == std::byte{0x90});
  breakpoints.patch_all();
  CHECK(text[0x10] == std::byte{0xcc});
  CHECK(breakpoints.is_patched(0x1010));
  CHECK(breakpoints.unpatch(0x1010));
  CHECK(!breakpoints.unpatch(0x1010));
  CHECK(text[0x10] == std::byte{0x90});
  CHECK(text[0x20] == std::byte{0xcc});
  breakpoints.patch_all_except(0x1010);
  CHECK(text[0x10] == std::byte{0x90});
  breakpoints.unpatch_all();
  CHECK(text[0x20] == std::byte{0x90});
  // What the debugger writes meanwhile is the new original.
  text[0x20] = std::byte{0x55};
  breakpoints.patch_all();
  breakpoints.unpatch_all();
  CHECK(text[0x20] == std::byte{0x55});
  // What the program writes over its text stays.
  breakpoints.patch_all();
  text[0x20] = std::byte{0x66};
  breakpoints.unpatch_all();
  CHECK(text[0x20] == std::byte{0x66});
  breakpoints.remove(0x1010);
  breakpoints.remove(0x1010);
  CHECK(!breakpoints.contains(0x1010));
  CHECK(breakpoints.contains(0x1020));
}

TEST_CASE("software breakpoints: one that the stub's own path would meet stays out of memory") {
  text.fill(std::byte{0x90});
  SoftwareBreakpoints breakpoints;
  CHECK(breakpoints.insert(0x1010, SoftwareBreakpoints::Use::never) == BreakpointResult::done);
  breakpoints.patch_all();
  CHECK(text[0x10] == std::byte{0x90});
  CHECK(!breakpoints.is_patched(0x1010));
  CHECK(breakpoints.contains(0x1010));
}

TEST_CASE("software breakpoints: an int3 of the program's own") {
  text.fill(std::byte{0xcc});
  SoftwareBreakpoints breakpoints;
  CHECK(breakpoints.insert(0x1010) == BreakpointResult::done);
  breakpoints.patch_all_except(0x1010);
  CHECK(!breakpoints.is_patched(0x1010));
  breakpoints.patch_all();
  CHECK(breakpoints.is_patched(0x1010));
  breakpoints.unpatch_all();
  CHECK(text[0x10] == std::byte{0xcc});
}

TEST_CASE("software breakpoints: the table is finite") {
  text.fill(std::byte{0x90});
  SoftwareBreakpoints breakpoints;
  for (std::uint64_t i = 0; i < SoftwareBreakpoints::kCapacity; ++i) {
    CHECK(breakpoints.insert(0x1000 + i) == BreakpointResult::done);
  }
  CHECK(breakpoints.insert(0x1000 + SoftwareBreakpoints::kCapacity) == BreakpointResult::table_full);
}

TEST_CASE("instructions that a step treats specially") {
  struct Row {
    std::vector<int> bytes;
    InstructionKind kind;
    int length;
  };
  for (const Row& row : std::initializer_list<Row>{
           {{0x90}, InstructionKind::ordinary, 0},
           {{0x9c}, InstructionKind::push_flags, 1},
           {{0x48, 0x9c}, InstructionKind::push_flags, 2},
           {{0xf4}, InstructionKind::halt, 1},
           {{0x0f, 0x05}, InstructionKind::system_call, 2},
           {{0x48, 0x0f, 0x05}, InstructionKind::system_call, 3},
           {{0x0f, 0x0b}, InstructionKind::ordinary, 0},
           {{0x0f}, InstructionKind::ordinary, 0},
           {{0x66, 0x9c}, InstructionKind::ordinary, 0},
           {{0xfa}, InstructionKind::changes_interrupt_flag, 1},
           {{0xfb}, InstructionKind::changes_interrupt_flag, 1},
           {{0x9d}, InstructionKind::changes_interrupt_flag, 1},
           {{0x48, 0xcf}, InstructionKind::changes_interrupt_flag, 2},
           {{}, InstructionKind::ordinary, 0},
           {{0x48, 0x48}, InstructionKind::ordinary, 0},
       }) {
    std::vector<std::byte> bytes;
    for (const int byte : row.bytes) bytes.push_back(static_cast<std::byte>(byte));
    const Instruction instruction = classify(bytes);
    CHECK(instruction.kind == row.kind);
    CHECK(instruction.length == row.length);
  }
}

namespace {

std::map<std::uint64_t, std::uint64_t> entries;

bool read_entry(const void*, std::uint64_t physical, std::uint64_t& entry) {
  const auto found = entries.find(physical);
  if (found == entries.end()) return physical < 0x10'0000 && (entry = 0, true);
  entry = found->second;
  return true;
}

}  // namespace

TEST_CASE("page tables: rights and extent") {
  constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;
  entries = {
      {0x1000, 0x2003},                    // level 4, entry 0
      {0x2000, 0x3003},                    // level 3, entry 0
      {0x2008, 0x4000'0083 | kNoExecute},  // 1 GiB page at 1 GiB
      {0x3000, 0x4003},                    // level 2, entry 0
      {0x3008, 0x20'0081},                 // 2 MiB page, read and execute, at 2 MiB
      {0x4008, 0x1001 | kNoExecute},       // 4 KiB at 0x1000, read
      {0x4010, 0x2001},                    // at 0x2000, execute
      {0x4018, 0x3001},                    // at 0x3000, the same
      {0x4020, 0x4003 | kNoExecute},       // at 0x4000, write
  };
  const PageTables tables{0x1000, 4, read_entry};
  struct Row {
    std::uint64_t address, start, size;
    bool mapped, writable, executable;
  };
  for (const Row& row : std::initializer_list<Row>{
           {0, 0, 0x1000, false, false, false},
           {0x1fff, 0x1000, 0x1000, true, false, false},
           {0x2345, 0x2000, 0x2000, true, false, true},
           {0x4000, 0x4000, 0x1000, true, true, false},
           {0x5000, 0x5000, 0x1f'b000, false, false, false},
           {0x20'0000, 0x20'0000, 0x20'0000, true, false, true},
           {0x4000'0000, 0x4000'0000, 0x4000'0000, true, true, false},
           {0x1234'5678'9abc'def0, 0x8000'0000'0000, 0xffff'0000'0000'0000, false, false, false},
       }) {
    CAPTURE(row.address);
    const MemoryRegion region = region_at(tables, row.address, 600);
    CHECK(region.start == row.start);
    CHECK(region.mapped == row.mapped);
    if (region.mapped || row.size <= 0x1f'b000) CHECK(region.size == row.size);
    CHECK(region.writable == row.writable);
    CHECK(region.executable == row.executable);
  }
}
