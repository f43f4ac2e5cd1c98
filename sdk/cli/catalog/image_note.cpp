// Reads notes. [ELF gABI ch. 5, "Note Section"]
#include "sdk/cli/catalog/image_note.hpp"

#include <elf.h>

#include <cstring>

#include "sdk/cli/catalog/json_file.hpp"

namespace toro::cli {
namespace {

constexpr std::string_view kName("Toro\0", 5);
constexpr std::uint32_t kImage = 1;  // sdk/cmake/application.c.in

template <class T>
std::optional<T> read_at(std::string_view bytes, std::uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// The first `size` bytes, which with what aligns the next ones to 4 are taken off `bytes`; nothing where it is
/// shorter.
std::optional<std::string_view> take(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) return std::nullopt;
  const auto taken = bytes.substr(0, size);
  bytes.remove_prefix(std::min<std::uint64_t>((size + 3) & ~std::uint64_t{3}, bytes.size()));
  return taken;
}

/// The text before the next zero, which is taken off too.
std::string take_word(std::string_view& bytes) {
  const auto word = bytes.substr(0, bytes.find('\0'));
  bytes.remove_prefix(std::min(word.size() + 1, bytes.size()));
  return std::string(word);
}

std::optional<ImageNote> find_note(std::string_view notes) {
  while (const auto header = read_at<Elf64_Nhdr>(notes, 0)) {
    notes.remove_prefix(sizeof *header);
    const auto name = take(notes, header->n_namesz);
    auto words = name ? take(notes, header->n_descsz) : std::nullopt;
    if (!words) break;
    if (*name != kName || header->n_type != kImage) continue;
    ImageNote note{.board = take_word(*words), .config = take_word(*words)};
    note.has_stub = take_word(*words) == "stub";
    return note;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageNote> parse_image_note(std::string_view elf) {
  const auto header = read_at<Elf64_Ehdr>(elf, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    const auto part = read_at<Elf64_Phdr>(elf, header->e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
    if (!part) break;
    if (part->p_type != PT_NOTE || part->p_offset > elf.size()) continue;
    if (auto note = find_note(elf.substr(part->p_offset, part->p_filesz))) return note;
  }
  return std::nullopt;
}

std::optional<ImageNote> read_image_note(const std::filesystem::path& elf) {
  return parse_image_note(read_text(elf));
}

}  // namespace toro::cli
