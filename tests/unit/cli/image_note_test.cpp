// What an image says of itself.
#include "sdk/cli/catalog/image_note.hpp"

#include <doctest/doctest.h>
#include <elf.h>

#include <string>

using namespace toro::cli;
using namespace std::string_literals;

namespace {

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string note(std::uint32_t type, std::string name, std::string description) {
  const Elf64_Nhdr header{.n_namesz = static_cast<std::uint32_t>(name.size()),
                          .n_descsz = static_cast<std::uint32_t>(description.size()),
                          .n_type = type};
  name.resize((name.size() + 3) & ~3UZ);
  description.resize((description.size() + 3) & ~3UZ);
  return bytes_of(header) + name + description;
}

std::string image(const std::string& notes) {
  Elf64_Ehdr header{};
  header.e_ident[EI_CLASS] = ELFCLASS64;
  std::string(ELFMAG).copy(reinterpret_cast<char*>(header.e_ident), SELFMAG);
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  Elf64_Phdr part{};
  part.p_type = PT_NOTE;
  part.p_offset = sizeof header + sizeof part;
  part.p_filesz = notes.size();
  return bytes_of(header) + bytes_of(part) + notes;
}

const auto kNote = note(1, "Toro\0"s, "kvm-pc\0debug\0stub\0"s);

}  // namespace

TEST_CASE("an image names its board, its configuration and its stub") {
  const auto found = parse_image_note(image(note(18, "Xen\0"s, "\0\0\x10\0"s) + kNote));
  REQUIRE(found);
  CHECK(found->board == "kvm-pc");
  CHECK(found->config == "debug");
  CHECK(found->has_stub);
  CHECK_FALSE(parse_image_note(image(note(1, "Toro\0"s, "kvm-pc\0release\0\0"s)))->has_stub);
}

TEST_CASE("an image without the note names none") {
  CHECK_FALSE(parse_image_note(""));
  CHECK_FALSE(
      parse_image_note("\x7f"
                       "ELF"));
  CHECK_FALSE(parse_image_note(image("")));
  CHECK_FALSE(parse_image_note(image(note(1, "Xen\0"s, "kvm-pc\0"s))));
  CHECK_FALSE(parse_image_note(image(note(2, "Toro\0"s, "kvm-pc\0"s))));
}

TEST_CASE("no damage to an image is more than a note that is not found") {
  const auto whole = image(kNote);
  for (std::size_t size = 0; size < whole.size(); ++size) static_cast<void>(parse_image_note(whole.substr(0, size)));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int changed : {0x00, 0x7f, 0xff}) {
      auto damaged = whole;
      damaged[at] = static_cast<char>(changed);
      static_cast<void>(parse_image_note(damaged));
    }
}
