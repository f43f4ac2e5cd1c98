// C++ exceptions, and faults of the processor as values, on every core.
#include <cstdio>
#include <stdexcept>

#include <toro/cores.hpp>
#include <toro/fault.hpp>

namespace {

void try_both() {
  try {
    throw std::runtime_error("a C++ exception");
  } catch (const std::exception& error) {
    std::printf("core %u caught: %s\n", toro::this_core(), error.what());
  }

  volatile int zero = 0;
  const auto quotient = toro::guarded([&] { return 1000 / zero; });
  if (!quotient && quotient.error().kind == toro::FaultKind::divide)
    std::printf("core %u found: division by zero\n", toro::this_core());
}

}  // namespace

int main() {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) toro::run_on(core, try_both);
}
