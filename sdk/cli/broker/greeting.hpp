// Opens a debugger's conversation with the stub, so that nothing of the one before it is taken for a part of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cli/broker/packet_tracker.hpp"

namespace toro::cli {

/// A debugger that goes may leave packets on the way to the stub, and the stub's answers on the way back; who connects
/// in that moment would get them. So each debugger's first bytes follow a packet of the broker's own, and what the stub
/// says before it has answered that one is dropped.
class Greeting {
 public:
  /// A new debugger is there: until it is greeted, nothing passes.
  void connected() { state_ = State::silent; }
  /// The packet that goes before the debugger's first one.
  [[nodiscard]] std::string begin();
  /// Whether this is for the debugger. The stub's answer to the greeting is not, and ends the waiting.
  [[nodiscard]] bool passes(PacketTracker::Item item, std::string_view bytes);

  /// Whether the debugger has yet to be greeted.
  [[nodiscard]] bool silent() const { return state_ == State::silent; }
  /// While this is so, the debugger's bytes must wait.
  [[nodiscard]] bool waiting() const { return state_ == State::waiting; }

 private:
  enum class State { silent, waiting, done };

  std::uint32_t number_ = 0;
  State state_ = State::silent;
};

}  // namespace toro::cli
