// FUSE's requests and replies: puts them together, and believes no length.
#pragma once

#include "kernel/filesystem/fuse/channel.hpp"
#include "kernel/filesystem/fuse/protocol.hpp"
#include "kernel/filesystem/fuse/shared_memory.hpp"

namespace toro::filesystem::fuse {

template <class T>
[[nodiscard]] std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// Threads of one core, any number at a time. Errors are the server's, `io_error` where it is gone, and `damaged` where
/// a reply breaks FUSE's rules.
class Connection {
 public:
  /// What follows a request's header, in parts.
  struct Body {
    static constexpr std::size_t kMost = 5;

    template <class... Spans>
      requires(sizeof...(Spans) <= kMost)
    Body(const Spans&... spans) : count(sizeof...(Spans)), parts{spans...} {}

    std::size_t count;
    std::array<std::span<const std::byte>, kMost> parts;
  };

  explicit Connection(Channel& channel) : channel_(channel) {}

  /// Agrees on the version and on what the server can do. Before all else. `not_supported`: its version is too old.
  [[nodiscard]] Result<> start();

  /// The most bytes of one read or write.
  [[nodiscard]] std::uint32_t most_read() const { return most_read_; }
  [[nodiscard]] std::uint32_t most_written() const { return most_written_; }
  [[nodiscard]] bool reads_directories_with_attributes() const { return directories_plus_; }

  /// A request whose reply has no content.
  [[nodiscard]] Result<> call(Opcode opcode, std::uint64_t node, const Body& body) {
    TRY(exchange(opcode, node, body, {}));
    return {};
  }
  /// A request whose reply is a T.
  template <class T>
  [[nodiscard]] Result<T> ask(Opcode opcode, std::uint64_t node, const Body& body) {
    alignas(8) T reply{};
    if (TRY(exchange(opcode, node, body, std::as_writable_bytes(std::span(&reply, 1)))) != sizeof reply)
      return failure(Error::damaged);
    return copy_once(reply);
  }
  /// A request whose reply is bytes: how many.
  [[nodiscard]] Result<std::size_t> fetch(Opcode opcode, std::uint64_t node, const Body& body,
                                          std::span<std::byte> to) {
    return exchange(opcode, node, body, to);
  }

  void release(Opcode opcode, std::uint64_t node, std::uint64_t handle);
  void forget(std::uint64_t node, std::uint64_t lookups);

 private:
  [[nodiscard]] Result<std::size_t> exchange(Opcode opcode, std::uint64_t node, const Body& body,
                                             std::span<std::byte> to);
  [[nodiscard]] std::uint64_t next_unique() { return unique_ += 2; }  // odd ones are for interruptions
  template <class T>
  void post(Channel::Way way, Opcode opcode, std::uint64_t node, const T& body);

  Channel& channel_;
  std::uint64_t unique_ = 0;
  std::uint32_t most_read_ = 4096;
  std::uint32_t most_written_ = 4096;
  bool directories_plus_ = false;
};

}  // namespace toro::filesystem::fuse
