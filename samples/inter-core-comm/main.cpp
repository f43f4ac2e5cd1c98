// Ping and pong between core 0 and every other core.
#include <cstdio>

#include <toro/sync.hpp>
#include <toro/thread.hpp>

namespace {

struct Pong {
  std::uint32_t core;
  int number;
};

}  // namespace

int main() {
  if (toro::cores() == 1) std::puts("nobody to play with: --cores 2 has a second core");
  toro::Channel<Pong> pongs;  // core 0 receives
  for (std::uint32_t core = 1; core < toro::cores(); ++core) {
    toro::Event ready;
    toro::Channel<int>* pings = nullptr;
    auto player = toro::thread::create({.core = core, .name = "player"}, [&] {
      toro::Channel<int> here;  // the player's core receives
      pings = &here;
      ready.set();
      pongs.send({toro::this_core(), here.receive()});
    });
    ready.wait();
    pings->send(static_cast<int>(core));
    const Pong pong = pongs.receive();
    std::printf("pong %d from core %u\n", pong.number, pong.core);
  }
}
