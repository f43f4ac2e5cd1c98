#include "gdbstub/protocol/text_writer.hpp"

#include "gdbstub/protocol/hex.hpp"

namespace toro::gdbstub {

void TextWriter::text(std::string_view characters) {
  for (const char character : characters) put(character);
}

void TextWriter::decimal(std::uint64_t value) {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) put(digits[--count]);
}

void TextWriter::hex(std::uint64_t value) {
  unsigned digits = 1;
  while (digits < 16 && value >> (4 * digits) != 0) ++digits;
  hex_padded(value, digits);
}

void TextWriter::hex_padded(std::uint64_t value, unsigned digits) {
  while (digits > 0) put(hex_digit(value >> (4 * --digits)));
}

void TextWriter::column(std::string_view characters, unsigned width) {
  text(characters);
  for (std::size_t i = characters.size(); i < width; ++i) put(' ');
}

namespace {

constexpr char printable(char character) {
  return character >= ' ' && character <= '~' ? character : '?';
}

}  // namespace

void xml_text(TextWriter& out, std::string_view characters) {
  for (const char character : characters) {
    switch (character) {
      case '<':
        out.text("&lt;");
        break;
      case '>':
        out.text("&gt;");
        break;
      case '&':
        out.text("&amp;");
        break;
      case '"':
        out.text("&quot;");
        break;
      default:
        out.put(printable(character));
    }
  }
}

void json_text(TextWriter& out, std::string_view characters) {
  for (const char character : characters) {
    if (character == '"' || character == '\\') out.put('\\');
    out.put(printable(character));
  }
}

}  // namespace toro::gdbstub
