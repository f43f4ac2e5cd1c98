#include <doctest/doctest.h>

#include "gdbstub/target/x86_64/debug_registers.hpp"

using namespace toro::gdbstub;
using x86_64::DebugRegisters;

TEST_CASE("debug registers: DR7") {
  struct Row {
    Breakpoint breakpoint;
    std::uint64_t dr7;
  };
  for (const Row& row : std::initializer_list<Row>{
           {{BreakpointKind::execute, 0x1000, 1}, 0x0000'0402},
           {{BreakpointKind::execute, 0x1000, 4}, 0x0000'0402},
           {{BreakpointKind::write, 0x1000, 1}, 0x0001'0402},
           {{BreakpointKind::write, 0x1000, 2}, 0x0005'0402},
           {{BreakpointKind::write, 0x1000, 4}, 0x000d'0402},
           {{BreakpointKind::write, 0x1000, 8}, 0x0009'0402},
           {{BreakpointKind::read, 0x1000, 1}, 0x0003'0402},
           {{BreakpointKind::access, 0x1000, 4}, 0x000f'0402},
       }) {
    DebugRegisters registers;
    CHECK(registers.insert(row.breakpoint) == BreakpointResult::done);
    CHECK(registers.dr7() == row.dr7);
    const bool watches = row.breakpoint.kind != BreakpointKind::execute;
    CHECK(registers.dr7(DebugRegisters::Fire::breakpoints) == (watches ? x86_64::kDr7Disabled : row.dr7));
    registers.remove(row.breakpoint);
    CHECK(registers.dr7() == x86_64::kDr7Disabled);
  }
}

TEST_CASE("debug registers: odd regions are split, all or nothing") {
  DebugRegisters registers;
  CHECK(registers.insert({BreakpointKind::write, 0x1003, 5}) == BreakpointResult::done);
  CHECK(registers.slots()[0].address == 0x1003);
  CHECK(registers.slots()[0].length == 1);
  CHECK(registers.slots()[1].address == 0x1004);
  CHECK(registers.slots()[1].length == 4);
  const auto before = registers.dr7();
  CHECK(registers.insert({BreakpointKind::write, 0x2000, 24}) == BreakpointResult::registers_full);
  CHECK(registers.dr7() == before);
  CHECK(registers.insert({BreakpointKind::write, 0x2000, 16}) == BreakpointResult::done);
  CHECK(registers.insert({BreakpointKind::execute, 0x3000, 1}) == BreakpointResult::registers_full);
  CHECK(registers.insert({BreakpointKind::write, 0x2000, 16}) == BreakpointResult::done);
  registers.remove({BreakpointKind::write, 0x1003, 5});
  CHECK(registers.insert({BreakpointKind::execute, 0x3000, 1}) == BreakpointResult::done);
}

TEST_CASE("debug registers: DR6") {
  DebugRegisters registers;
  CHECK(registers.insert({BreakpointKind::execute, 0x1000, 1}) == BreakpointResult::done);
  CHECK(registers.insert({BreakpointKind::access, 0x2000, 4}) == BreakpointResult::done);
  CHECK(!registers.hit(x86_64::kDr6Clear | x86_64::kDr6SingleStep));
  CHECK(!registers.hit(x86_64::kDr6Clear | 4));
  CHECK(registers.hit(x86_64::kDr6Clear | 1)->kind == BreakpointKind::execute);
  CHECK(registers.hit(x86_64::kDr6Clear | 3)->address == 0x2000);
  CHECK(registers.executes_at(0x1000));
  CHECK(!registers.executes_at(0x2000));
}
