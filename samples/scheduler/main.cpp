// Threads of a core take turns, and only where they yield. Each core has a scheduler of its own.
#include <array>
#include <cstdio>
#include <string>

#include <toro/cores.hpp>
#include <toro/thread.hpp>

namespace {

std::string take_turns() {
  std::string order;  // no lock: these threads share a core
  const auto speak = [&order](char name) {
    return [&order, name] {
      for (int turn = 0; turn < 3; ++turn) {
        order += {' ', name};
        toro::this_thread::yield();
      }
    };
  };
  {
    const std::array threads{toro::thread::create({}, speak('a')), toro::thread::create({}, speak('b')),
                             toro::thread::create({}, speak('c'))};
  }  // they are joined here
  return order;
}

}  // namespace

int main() {
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    std::printf("core %u:%s\n", core, toro::run_on(core, take_turns).c_str());
}
