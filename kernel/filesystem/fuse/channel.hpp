// What brings FUSE's requests to a server, and its replies back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/filesystem/result.hpp"

namespace toro::filesystem::fuse {

/// The longest message that post() takes, in bytes.
inline constexpr std::size_t kMostPosted = 64;

/// Threads of one core. Any number of calls at a time.
class Channel {
 public:
  using Parts = std::span<const std::span<const std::byte>>;
  using Room = std::span<const std::span<std::byte>>;

  /// Sends a request of these parts, none of them empty, and waits for the reply: how many bytes the server wrote into
  /// `room`, from its beginning. Only the calling thread waits. `io_error`: there is no server any more.
  [[nodiscard]] virtual Result<std::size_t> call(Parts request, Room room) = 0;

  /// What becomes of it nobody waits for.
  enum class Way : std::uint8_t {
    queued,   ///< behind the requests before it
    express,  ///< past them
  };
  virtual void post(Way way, std::span<const std::byte> request) = 0;
  /// The last call: another may use it now.
  virtual void close() = 0;

 protected:
  ~Channel() = default;
};

}  // namespace toro::filesystem::fuse
