// One outgoing packet over a buffer of fixed size, and the codings of text inside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gdbstub/protocol/text_writer.hpp"

namespace toro::gdbstub {

/// Error numbers of `Enn`, written as the two decimal digits that people know from errno.
enum class Error : std::uint8_t {
  not_permitted = 1,
  no_thread = 3,
  too_long = 7,
  fault = 14,
  invalid = 22,
  no_space = 28,
  not_supported = 95
};

class Reply final : public TextWriter {
 public:
  /// Four bytes of the buffer are for the frame.
  explicit constexpr Reply(std::span<char> buffer) : buffer_(buffer) {}

  void clear();
  void put(char character) override;
  /// A byte that may be anything, escaped where the frame needs it. [GDB RSP, Overview, "Binary Data"]
  void binary(char byte);
  void hex_bytes(std::span<const std::byte> bytes);
  void ok() { clear(), text("OK"); }
  void error(Error number);

  [[nodiscard]] std::size_t room() const { return buffer_.size() - kFrameBytes - size_; }
  [[nodiscard]] std::string_view payload() const { return {buffer_.data() + 1, size_}; }
  void replace(std::size_t position, char character) { buffer_[1 + position] = character; }
  /// The whole packet with its frame; a packet that did not fit has become an error.
  [[nodiscard]] std::string_view packet();

 private:
  static constexpr std::size_t kFrameBytes = 4;

  std::span<char> buffer_;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

/// Text as pairs of hexadecimal digits.
class HexText final : public TextWriter {
 public:
  explicit HexText(Reply& reply) : reply_(reply) {}
  void put(char character) override;

 private:
  Reply& reply_;
};

/// Text that may hold the frame's own characters, such as JSON's braces.
class EscapedText final : public TextWriter {
 public:
  explicit EscapedText(Reply& reply) : reply_(reply) {}
  void put(char character) override { reply_.binary(character); }

 private:
  Reply& reply_;
};

/// The part from `offset` on, at most `length` long, of a document that is written from its start each time.
class DocumentWindow final : public TextWriter {
 public:
  /// Begins the reply with a placeholder that finish() replaces.
  DocumentWindow(Reply& reply, std::uint64_t offset, std::uint64_t length);
  void put(char character) override;
  /// The document is written up to here without what comes before: where that does not matter.
  void skip_to(std::uint64_t position) { position_ = position; }
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Whether what is written from here on is part of what was asked for, or after it.
  [[nodiscard]] bool full() const { return more_; }
  /// `m` where more of the document follows, `l` where this is the last. [GDB RSP, General Query Packets, "qXfer"]
  void finish();

 private:
  Reply& reply_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::uint64_t position_ = 0;
  std::uint64_t written_ = 0;
  bool more_ = false;
};

}  // namespace toro::gdbstub
