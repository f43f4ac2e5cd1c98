// A question of the broker's own to the stub, asked between the debugger's: one table of kernel objects.
#pragma once

#include <string>
#include <string_view>

#include "sdk/cli/broker/packet_tracker.hpp"

namespace toro::cli {

/// A state machine without I/O. While it is open, nothing of the debugger's may reach the stub, and everything that the
/// stub says is for take(). [GDB RSP, "qXfer:osdata:read"]
class TableQuery {
 public:
  /// The first packet to send. `table` is a word; empty: the list of tables.
  [[nodiscard]] std::string begin(const std::string& table);
  /// Takes what the stub said; what to send next, if anything.
  [[nodiscard]] std::string take(PacketTracker::Item item, std::string_view bytes);

  [[nodiscard]] bool open() const { return open_; }
  /// Once it is closed: whether the stub has such a table, and then its document.
  [[nodiscard]] bool succeeded() const { return succeeded_; }
  [[nodiscard]] const std::string& document() const { return document_; }

 private:
  [[nodiscard]] std::string next() const;

  std::string table_;
  std::string document_;
  bool open_ = false;
  bool succeeded_ = false;
};

}  // namespace toro::cli
