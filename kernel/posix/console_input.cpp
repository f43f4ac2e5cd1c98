// The console as something that can be polled.
#include "kernel/posix/console_input.hpp"

#include "kernel/devices/console.hpp"
#include "kernel/posix/shared_watches.hpp"

namespace toro::posix {
namespace {

/// Polled alone: what is read and written goes to the console itself. Input is told to those who watch by a thread on
/// the console's core, which waits for the device.
class ConsoleInput final : public Stream {
 public:
  constexpr ConsoleInput() : Stream(StreamKind::console) {}

  FileResult read(std::span<const IoVector>) override { return std::unexpected(filesystem::Error::bad_file); }
  FileResult write(std::span<const IoVector>) override { return std::unexpected(filesystem::Error::bad_file); }
  FileResult control(std::uint32_t, void*) override { return std::unexpected(kNotATerminal); }
  Events poll(inet::Watch* watch) override {
    watches_.watch(watch, [] { return 0; });
    if (watch != nullptr && !is_listened_to_.exchange(true)) console::start_listener(listen);
    return console::is_input_there() ? kIn | kOut : kOut;
  }
  void unwatch(inet::Watch& watch) override { watches_.unwatch(watch); }
  void close() override {}

 private:
  [[noreturn]] static void listen();

  SharedWatches watches_;
  std::atomic<bool> is_listened_to_ = false;
};
constinit ConsoleInput console_input;

void ConsoleInput::listen() {
  for (std::uint32_t seen = 0;;) {
    console::wait_for_arrival(seen);
    console_input.watches_.raise();
  }
}

}  // namespace

Stream* pollable(const Descriptor& descriptor) {
  return descriptor.is_console() ? &console_input : descriptor.stream();
}

}  // namespace toro::posix
