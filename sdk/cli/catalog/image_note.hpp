// What an image says of itself, in a note of its ELF file that stays when it is stripped.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

struct ImageNote {
  std::string board;
  std::string config;  ///< CMAKE_BUILD_TYPE, in small letters
  bool has_stub = false;
};

/// The note in the text of an ELF file; nothing where there is none, or it is damaged.
std::optional<ImageNote> parse_image_note(std::string_view elf);
std::optional<ImageNote> read_image_note(const std::filesystem::path& elf);

}  // namespace toro::cli
