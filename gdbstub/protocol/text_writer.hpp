// Writes text and numbers to something that takes characters. Derived classes say where they go and in which coding.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::gdbstub {

class TextWriter {
 public:
  virtual void put(char character) = 0;

  void text(std::string_view characters);
  void decimal(std::uint64_t value);
  /// Without leading zeros, most significant digit first.
  void hex(std::uint64_t value);
  /// Exactly `digits` of them.
  void hex_padded(std::uint64_t value, unsigned digits);
  /// `text` and then spaces up to `width`; longer text is kept.
  void column(std::string_view characters, unsigned width);

 protected:
  constexpr TextWriter() = default;
  ~TextWriter() = default;
};

/// Text as content of an XML element or attribute. Bytes outside printable ASCII become '?': names are foreign.
void xml_text(TextWriter& out, std::string_view characters);
/// Text as the inside of a JSON string, with the same rule.
void json_text(TextWriter& out, std::string_view characters);

}  // namespace toro::gdbstub
