// The table of packets: name, shape, handler. What is not in it gets the empty reply, which means "not supported".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gdbstub/protocol/dialog.hpp"

namespace toro::gdbstub {

enum class Shape : std::uint8_t {
  whole,   ///< nothing follows the name
  joined,  ///< arguments follow at once
  list,    ///< nothing, or arguments after one of `: ; ,`, which the handler sees
};

struct Packet {
  std::string_view name;
  Shape shape;
  void (*handle)(Dialog& dialog, Scanner arguments);
};

[[nodiscard]] std::span<const Packet> packets();

/// Runs the handler of `payload`. The reply is empty where there is none.
void dispatch(Dialog& dialog, std::string_view payload);

}  // namespace toro::gdbstub
