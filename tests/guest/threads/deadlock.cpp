// All threads of all cores wait. Argument: "deadlock", or what keeps it from being one: "sleeper".
#include <toro/cores.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <cstdio>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  const std::string_view act = argc > 1 ? argv[1] : "";
  toro::Event event;
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core, .name = "waiter"}, [&] { event.wait(); }));
  if (act == "sleeper")
    threads.push_back(toro::thread::create({.core = toro::cores() - 1, .name = "sleeper"}, [&] {
      toro::this_thread::sleep_for(std::chrono::milliseconds(300));
      event.set();
    }));
  threads.clear();
  std::puts("all went on");
}
