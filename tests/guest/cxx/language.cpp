// What the language needs of its platform: initialisation, exceptions, RTTI, thread_local.
#include <doctest/doctest.h>

#include <cstdlib>
#include <exception>
#include <format>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

namespace {

const std::string initialised_before_main(100, 'g');

struct Base {
  virtual ~Base() = default;
  virtual int f() { return 1; }
};
struct Derived : Base {
  int f() override { return 2; }
};

[[gnu::noinline]] int throw_at_depth(int n) {
  const std::string guard(50, 'x');
  if (n == 0) throw std::out_of_range(std::format("depth {}", 42));
  return throw_at_depth(n - 1) + static_cast<int>(guard.size());
}

struct Counted {
  explicit Counted(int& c) : count(c) {}
  ~Counted() { ++count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& count;
};

thread_local int thread_number = 7;
thread_local std::string thread_text = "per-thread";

}  // namespace

TEST_CASE("objects are initialised before main") {
  CHECK(initialised_before_main.size() == 100);
}

TEST_CASE("virtual calls and dynamic_cast") {
  const std::unique_ptr<Base> base = std::make_unique<Derived>();
  CHECK(base->f() == 2);
  CHECK(dynamic_cast<Derived*>(base.get()) != nullptr);
}

TEST_CASE("an exception passes twenty frames") {
  CHECK_THROWS_WITH_AS(throw_at_depth(20), "depth 42", std::out_of_range);
}

TEST_CASE("unwinding runs destructors") {
  int destroyed = 0;
  bool caught = false;
  try {
    const Counted counted{destroyed};
    throw 5;
  } catch (int value) {
    caught = value == 5;
  }
  CHECK(caught);
  CHECK(destroyed == 1);
}

TEST_CASE("the library's out_of_range is caught") {
  std::vector<int> numbers(10);
  CHECK_THROWS_AS((void)numbers.at(5000), std::out_of_range);
}

TEST_CASE("bad_alloc when memory is out") {
  std::vector<char> huge;
  CHECK_THROWS_AS(huge.reserve(1ull << 40), std::bad_alloc);
}

TEST_CASE("bad_cast") {
  const std::unique_ptr<Base> base = std::make_unique<Base>();
  CHECK_THROWS_AS((void)dynamic_cast<Derived&>(*base), std::bad_cast);
}

TEST_CASE("exception_ptr keeps an exception for later") {
  std::exception_ptr kept;
  try {
    throw_at_depth(1);
  } catch (...) {
    kept = std::current_exception();
  }
  CHECK_THROWS_AS(std::rethrow_exception(kept), std::out_of_range);
}

TEST_CASE("a function's static is initialised once") {
  static const std::string text = std::format("magic {}", 1);
  CHECK(text == "magic 1");
}

TEST_CASE("thread_local objects of main's thread") {
  CHECK(thread_number == 7);
  CHECK(thread_text == "per-thread");
}
