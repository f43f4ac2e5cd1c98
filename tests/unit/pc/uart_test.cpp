// A UART that interrupts, against one made of a queue for each direction.
#include "kernel/devices/serial/buffered_uart.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <string_view>

using namespace toro::serial;

namespace {

struct FakeUart {
  std::deque<char> arrives;
  std::string sent;
  unsigned room = kFifoSize;  // of the transmit FIFO
  std::uint8_t enabled = 0;
  std::uint8_t scratch = 0;
  bool latch = false;
  bool fifos = false;
  bool there = true;
  bool babbles = false;  // there is always one more interrupt

  [[nodiscard]] bool line() const {
    return ((enabled & kReceiveInterrupt) != 0 && !arrives.empty()) ||
           ((enabled & kTransmitInterrupt) != 0 && room == kFifoSize);
  }
};

struct Window {
  FakeUart* fake = nullptr;
  std::uint8_t read(UartRegister which) {
    if (!fake->there) return kNotThere;
    switch (which) {
      case UartRegister::data: {
        const char first = fake->arrives.front();
        fake->arrives.pop_front();
        return static_cast<std::uint8_t>(first);
      }
      case UartRegister::interrupt_identification:
        return static_cast<std::uint8_t>((fake->line() || fake->babbles ? 0 : kNoInterrupt) |
                                         (fake->fifos ? kFifosOn : 0));
      case UartRegister::line_status:
        return static_cast<std::uint8_t>((fake->arrives.empty() ? 0 : kDataReady) |
                                         (fake->room == kFifoSize ? kTransmitFifoEmpty | kTransmitterEmpty : 0));
      case UartRegister::scratch:
        return fake->scratch;
      default:
        return 0;
    }
  }
  void write(UartRegister which, std::uint8_t value) {
    if (which == UartRegister::line_control) fake->latch = (value & kDivisorLatch) != 0;
    if (which == UartRegister::scratch) fake->scratch = value;
    if (which == UartRegister::fifo_control) {
      fake->fifos = true;
      fake->arrives.clear();
    }
    if (fake->latch) return;
    if (which == UartRegister::interrupt_enable) fake->enabled = value;
    if (which == UartRegister::data) {
      REQUIRE(fake->room > 0);
      --fake->room;
      fake->sent += static_cast<char>(value);
    }
  }
};

struct Line {
  FakeUart fake;
  BufferedUart<Window> uart{Window{&fake}};

  void send_all() {
    while (fake.room != kFifoSize || fake.line()) {
      fake.room = kFifoSize;
      uart.on_interrupt();
    }
  }
};

}  // namespace

TEST_CASE("UART: where there is none") {
  Line line;
  line.fake.there = false;
  CHECK_FALSE(line.uart.start());
}

TEST_CASE("UART: text goes out a FIFO at a time, in order, and the interrupt is off in the end") {
  Line line;
  REQUIRE(line.uart.start());
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>('a' + i % 26);
  CHECK(line.uart.write(text) == text.size());
  CHECK(line.fake.sent.size() == kFifoSize);
  CHECK_FALSE(line.uart.is_idle());
  line.send_all();
  CHECK(line.fake.sent == text);
  CHECK(line.uart.is_idle());
  CHECK(line.fake.enabled == kReceiveInterrupt);
}

TEST_CASE("UART: what has no room is not taken, and goes later") {
  Line line;
  REQUIRE(line.uart.start());
  const std::string text(10'000, 'x');
  const std::size_t taken = line.uart.write(text);
  CHECK(taken < text.size());
  CHECK(line.uart.write(std::string(100, 'y')) == kFifoSize);  // room that the FIFO made
  CHECK(line.uart.write(std::string_view{"y"}) == 0);
  line.send_all();
  CHECK(line.fake.sent.size() == taken + kFifoSize);
}

TEST_CASE("UART: input is lost nowhere: without room the UART is left to hold it") {
  Line line;
  REQUIRE(line.uart.start());
  std::string typed;
  for (int i = 0; i < 5000; ++i) typed += static_cast<char>('a' + i % 26);
  line.fake.arrives.assign(typed.begin(), typed.end());
  line.uart.on_interrupt();
  CHECK_FALSE(line.fake.line());  // though there is more
  std::string got;
  char part[100];
  while (const std::size_t count = line.uart.read(part)) got.append(part, count);
  CHECK(got == typed);
  CHECK(line.fake.enabled == kReceiveInterrupt);
  CHECK_FALSE(line.uart.on_interrupt());
}

TEST_CASE("UART: what came before it was started is there") {
  Line line;
  line.fake.arrives = {'h', 'i'};
  REQUIRE(line.uart.start());
  char text[4];
  CHECK(line.uart.read(text) == 2);
  CHECK(line.uart.write(std::string_view{"output"}) == 6);
  CHECK(line.fake.sent == "o");
  line.send_all();
  CHECK(line.fake.sent == "output");
}

TEST_CASE("UART: one that always interrupts does not keep the core") {
  Line line;
  REQUIRE(line.uart.start());
  line.fake.babbles = true;
  CHECK(line.uart.on_interrupt());
}
