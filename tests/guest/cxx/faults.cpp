// Processor faults as values.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>

#include <toro/fault.hpp>

#include "opaque.hpp"

TEST_CASE("division by zero") {
  const auto result = toro::guarded([] { return divide(5, 0); });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::divide);
}

TEST_CASE("a non-canonical address") {
  const auto result = toro::guarded([] { return load(reinterpret_cast<int*>(0x0fff'0000'0000'0000)); });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::general_protection);
}

TEST_CASE("an address where nothing is") {
  constexpr std::uintptr_t kNowhere = 0x7f00'0000'0000;
  const auto result = toro::guarded([] { return load(reinterpret_cast<int*>(kNowhere)); });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::page);
  CHECK(result.error().address == kNowhere);
}

TEST_CASE("page 0") {
  const auto result = toro::guarded([] { return load(opaque<int*>(nullptr)); });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::page);
}

TEST_CASE("an invalid opcode") {
  const auto result = toro::guarded([] { asm volatile("ud2"); });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::invalid_opcode);
}

TEST_CASE("the fault may be in the frame that calls guarded, beside a try block") {
  int zero = opaque(0);
  try {
    const auto result = toro::guarded([&] { return 5 / zero; });
    CHECK_FALSE(result.has_value());
  } catch (...) {
    FAIL("a fault is no exception");
  }
}

TEST_CASE("a value comes back, and callee-saved registers with it") {
  const std::string text = toro::guarded([] { return std::string("long enough to be on the heap"); }).value();
  CHECK(text == "long enough to be on the heap");
  CHECK(toro::guarded([] {}).has_value());
}

TEST_CASE("exceptions pass through, and the guard is gone after") {
  CHECK_THROWS_AS((void)toro::guarded([] { throw std::runtime_error("through"); }), std::runtime_error);
  CHECK_FALSE(toro::guarded([] { return divide(1, 0); }).has_value());
}

TEST_CASE("guards nest, each thread has its own") {
  const auto outer = toro::guarded([] {
    const auto inner = toro::guarded([] { return divide(1, 0); });
    CHECK_FALSE(inner.has_value());
    std::thread([] { CHECK_FALSE(toro::guarded([] { return divide(2, 0); }).has_value()); }).join();
    return divide(6, 3);
  });
  CHECK(outer.value() == 2);
}

TEST_CASE("the x87 stack is empty after a fault") {
  const auto result = toro::guarded([] { asm volatile("fld1; fld1; fld1; fld1; fld1; fld1; fld1; fld1; ud2"); });
  REQUIRE_FALSE(result.has_value());
  volatile long double three = 3;
  CHECK(three * three == 9.0L);  // not a number where a register is left over
}

namespace {

/// Calls itself, guarded, until the stack has ended; `pad` moves the place where it does.
void nest(std::size_t pad, int& faults) {
  auto* room = static_cast<volatile char*>(__builtin_alloca(pad));
  room[0] = 1;
  if (!toro::guarded([&] { nest(pad, faults); })) ++faults;
}

/// Faults when it is moved for the second time: out of the guarded call.
struct FaultsWhenMoved {
  int moves = 0;
  FaultsWhenMoved() = default;
  FaultsWhenMoved(FaultsWhenMoved&& from) : moves(from.moves + 1) {
    if (moves == 2) asm volatile("ud2");
  }
};

}  // namespace

TEST_CASE("a stack that ends anywhere within guarded itself goes to a guard whose call is in progress") {
  for (std::size_t pad = 16; pad <= 512; pad += 16) {
    int faults = 0;
    nest(pad, faults);
    CHECK(faults == 1);
  }
}

TEST_CASE("a fault after the guarded call goes to the guard outside") {
  bool inner_returned = false;
  const auto result = toro::guarded([&] {
    (void)toro::guarded([] { return FaultsWhenMoved(); });
    inner_returned = true;
  });
  CHECK_FALSE(inner_returned);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == toro::FaultKind::invalid_opcode);
  CHECK(toro::guarded([] { return 1; }).value() == 1);
}
