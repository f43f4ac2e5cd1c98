#include <doctest/doctest.h>

#include <string>

#include "gdbstub/target/x86_64/register_table.hpp"

using namespace toro::gdbstub;

TEST_CASE("registers: the order and widths that GDB expects of i386:x86-64") {
  // features/i386/64bit-core.xml and 64bit-sse.xml of GDB 13.1.
  constexpr std::string_view kCore[] = {
      "rax", "rbx", "rcx", "rdx",    "rsi",   "rdi",   "rbp",  "rsp",   "r8",    "r9",    "r10",   "r11", "r12", "r13",
      "r14", "r15", "rip", "eflags", "cs",    "ss",    "ds",   "es",    "fs",    "gs",    "st0",   "st1", "st2", "st3",
      "st4", "st5", "st6", "st7",    "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};
  const RegisterSet& set = x86_64::register_set();
  std::size_t number = 0;
  for (const std::string_view name : kCore) {
    CAPTURE(name);
    CHECK(set.registers[number].name == name);
    const std::size_t bits = number < 17 ? 64 : number < 24 ? 32 : number < 32 ? 80 : 32;
    CHECK(set.registers[number].bits == bits);
    ++number;
  }
  CHECK(number == 40);
  for (int i = 0; i < 16; ++i) CHECK(set.registers[number++].name == "xmm" + std::to_string(i));
  CHECK(set.registers[number++].name == "mxcsr");
  CHECK(set.registers[number++].name == "fs_base");
  CHECK(set.registers[number++].name == "gs_base");
  CHECK(number == set.general_count);
}

TEST_CASE("registers: features cover the table without gaps") {
  const RegisterSet& set = x86_64::register_set();
  std::size_t number = 0;
  for (const RegisterFeature& feature : set.features) {
    CHECK(feature.first == number);
    number += feature.count;
  }
  CHECK(number == set.registers.size());
  for (const Register& declared : set.registers) {
    CHECK(declared.bits % 8 == 0);
    CHECK(declared.bytes() <= kMaxRegisterBytes);
  }
  CHECK(set.registers[set.pc].name == "rip");
  CHECK(set.registers[set.sp].name == "rsp");
  CHECK(set.registers[set.fp].name == "rbp");
  CHECK(set.registers[set.flags].name == "eflags");
}
