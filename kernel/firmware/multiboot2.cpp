// Reads the tags of a Multiboot2 loader. [Multiboot2 2.0 §3.6]
#include "kernel/firmware/multiboot2.hpp"

namespace toro::firmware::multiboot2 {
namespace {

enum class TagType : std::uint32_t { end = 0, command_line = 1, module = 3, memory_map = 6, acpi_1 = 14, acpi_2 = 15 };

struct Tag {
  TagType type;
  std::uint32_t length;  // this included, the padding to the next tag not
};
static_assert(sizeof(Tag) == 8);

struct Module {
  std::uint32_t begin, end;  // and a string
};
static_assert(sizeof(Module) == 8);

struct MemoryMap {
  std::uint32_t stride, version;  // and the ranges
};
static_assert(sizeof(MemoryMap) == 8);

constexpr std::size_t kAlignment = 8;

/// Up to the first zero.
std::string_view text_of(Bytes bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all.substr(0, all.find('\0'));
}

std::expected<void, Error> take(Information& to, TagType type, Bytes body) {
  switch (type) {
    case TagType::command_line:
      to.command_line = text_of(body);
      break;
    case TagType::module: {
      if (body.size() < sizeof(Module)) return std::unexpected{Error::entry_too_short};
      const auto module = load<Module>(body);
      if (text_of(body.subspan(sizeof(Module))) != kCommandLineModule || module.end < module.begin) break;
      to.module_begin = module.begin;
      to.module_end = module.end;
      break;
    }
    case TagType::memory_map: {
      const auto map = load<MemoryMap>(body);
      if (body.size() < sizeof(MemoryMap) || map.stride < sizeof(MemoryRange))
        return std::unexpected{Error::entry_too_short};
      to.memory_map = body.subspan(sizeof(MemoryMap));
      to.memory_map_stride = map.stride;
      break;
    }
    case TagType::acpi_1:
      if (to.root_pointer.empty()) to.root_pointer = body;
      break;
    case TagType::acpi_2:
      to.root_pointer = body;
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

std::expected<Information, Error> read(Bytes bytes) {
  Information information;
  if (bytes.size() < sizeof(Header)) return std::unexpected{Error::bad_length};
  for (Bytes rest = bytes.subspan(sizeof(Header)); rest.size() >= sizeof(Tag);) {
    const auto tag = load<Tag>(rest);
    if (tag.type == TagType::end) break;
    if (tag.length < sizeof(Tag)) return std::unexpected{Error::entry_too_short};
    if (tag.length > rest.size()) return std::unexpected{Error::entry_past_end};
    const auto taken = take(information, tag.type, rest.subspan(sizeof(Tag), tag.length - sizeof(Tag)));
    if (!taken) return std::unexpected{taken.error()};
    const std::size_t padded = (std::size_t{tag.length} + kAlignment - 1) / kAlignment * kAlignment;
    rest = padded < rest.size() ? rest.subspan(padded) : Bytes{};
  }
  return information;
}

}  // namespace toro::firmware::multiboot2
