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
