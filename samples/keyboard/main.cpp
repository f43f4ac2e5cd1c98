// Echoes what is typed on the machine's keyboard, and names the keys that type nothing.
#include <toro/keyboard.hpp>

#include <chrono>
#include <cstdlib>
#include <print>

namespace keyboard = toro::keyboard;

int main(int argc, char** argv) {
  const std::chrono::seconds patience(argc > 1 ? std::atoi(argv[1]) : 60);
  if (!keyboard::is_present()) {
    std::println("This machine has no keyboard.");
    return 1;
  }
  std::println("Type on the machine's keyboard; Escape ends, and so do {} seconds without a key.", patience.count());
  std::fflush(stdout);
  while (const auto event = keyboard::wait_for(patience)) {
    if (event->key == keyboard::Key::escape) break;
    if (event->character != 0)
      std::print("{}", event->character);
    else if (event->pressed)
      std::print("<{:02x}>", static_cast<unsigned>(event->key));
    std::fflush(stdout);
  }
  std::println("\nGood bye.");
}
