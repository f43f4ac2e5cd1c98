// Asks a machine whether it is there: ping ADDRESS [COUNT].
#include <cstdio>
#include <cstdlib>

#include <toro/ping.hpp>
#include <toro/thread.hpp>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const auto address = argc > 1 ? toro::Ipv4Address::parse(argv[1]) : std::nullopt;
  const int count = argc > 2 ? std::atoi(argv[2]) : 4;
  if (!address) {
    std::fprintf(stderr, "ping: ADDRESS [COUNT] was expected, ADDRESS as in 10.0.2.2\n");
    return 2;
  }
  int answered = 0;
  for (int i = 1; i <= count; ++i) {
    const auto round_trip = toro::ping(*address, 2s);
    if (round_trip)
      std::printf("%d: %.3f ms\n", i, std::chrono::duration<double, std::milli>(*round_trip).count());
    else
      std::printf("%d: %s\n", i, toro::describe(round_trip.error()).data());
    answered += round_trip ? 1 : 0;
    if (i < count) toro::this_thread::sleep_for(100ms);
  }
  std::printf("%d of %d answered\n", answered, count);
  return answered == count ? 0 : 1;
}
