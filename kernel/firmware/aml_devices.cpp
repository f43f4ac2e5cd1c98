// Finds devices in the bytes of AML. [ACPI 6.5 §20.2]
#include "kernel/firmware/aml_devices.hpp"

#include "kernel/firmware/acpi.hpp"

namespace toro::firmware::aml {
namespace {

constexpr std::uint8_t kNameOp = 0x08, kBytePrefix = 0x0a, kWordPrefix = 0x0b, kDWordPrefix = 0x0c,
                       kStringPrefix = 0x0d, kBufferOp = 0x11, kExtendedPrefix = 0x5b, kDeviceOp = 0x82;

std::uint8_t byte(Bytes bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

bool starts_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && __builtin_memcmp(bytes.data(), text.data(), text.size()) == 0;
}

/// What a package length at the front says, itself included, and how many bytes it takes; nothing where it reaches
/// beyond the end. [ACPI 6.5 §20.2.4]
struct PackageLength {
  std::size_t whole, own;
};
std::optional<PackageLength> package_length(Bytes bytes) {
  if (bytes.empty()) return std::nullopt;
  const std::uint8_t lead = byte(bytes, 0);
  const std::size_t more = lead >> 6;
  if (more >= bytes.size()) return std::nullopt;
  std::size_t length = more == 0 ? lead & 0x3f : lead & 0x0f;
  for (std::size_t i = 0; i < more; ++i) length |= std::size_t{byte(bytes, 1 + i)} << (4 + 8 * i);
  if (length < 1 + more || length > bytes.size()) return std::nullopt;
  return PackageLength{length, 1 + more};
}

/// The bytes after a constant that the bytes begin with.
std::optional<Bytes> after_constant(Bytes bytes) {
  if (bytes.empty()) return std::nullopt;
  const std::uint8_t op = byte(bytes, 0);
  const std::size_t length = op == kBytePrefix ? 2 : op == kWordPrefix ? 3 : op == kDWordPrefix ? 5 : op <= 1 ? 1 : 0;
  if (length == 0 || length > bytes.size()) return std::nullopt;
  return bytes.subspan(length);
}

// [ACPI 6.5 §6.4.3]
struct [[gnu::packed]] FixedMemory {
  std::uint8_t type;
  std::uint16_t length;
  std::uint8_t information;
  std::uint32_t base, size;
};
static_assert(sizeof(FixedMemory) == 12);
struct [[gnu::packed]] ExtendedInterrupt {
  std::uint8_t type;
  std::uint16_t length;
  std::uint8_t flags, count;
  std::uint32_t number;
};
static_assert(sizeof(ExtendedInterrupt) == 9);

constexpr std::uint8_t kLarge = 0x80, kFixedMemory = 0x86, kExtendedInterrupt = 0x89;

/// Registers and interrupt among resource descriptors.
std::optional<Resources> read_resources(Bytes bytes) {
  Resources found;
  bool has_interrupt = false;
  while (!bytes.empty()) {
    const std::uint8_t type = byte(bytes, 0);
    const bool is_large = (type & kLarge) != 0;
    if (is_large && bytes.size() < 3) break;
    const std::size_t length = is_large ? 3U + load<std::uint16_t>(bytes.subspan(1)) : 1U + (type & 7);
    if (length > bytes.size()) break;
    const Bytes descriptor = bytes.first(length);
    if (type == kFixedMemory && length >= sizeof(FixedMemory) && found.length == 0) {
      const auto memory = load<FixedMemory>(descriptor);
      found.base = memory.base;
      found.length = memory.size;
    }
    if (type == kExtendedInterrupt && length >= sizeof(ExtendedInterrupt) && !has_interrupt) {
      const auto interrupt = load<ExtendedInterrupt>(descriptor);
      has_interrupt = interrupt.count != 0;
      found.interrupt = interrupt.number;
    }
    bytes = bytes.subspan(length);
  }
  if (found.length == 0 || !has_interrupt) return std::nullopt;
  return found;
}

}  // namespace

DeviceFinder::DeviceFinder(Bytes block)
    : code_(block.size() > sizeof(acpi::TableHeader) ? block.subspan(sizeof(acpi::TableHeader)) : Bytes{}) {}

std::optional<Resources> DeviceFinder::next(std::string_view id) {
  while (at_ < code_.size()) {
    if (at_ >= device_end_) device_end_ = 0;
    begin_device();
    if (device_end_ != 0 && byte(code_, at_) == kNameOp && !take_id(id)) take_resources();
    ++at_;
    if (!has_id_ || !resources_) continue;
    const Resources found = *resources_;
    device_end_ = 0;
    has_id_ = false;
    resources_.reset();
    return found;
  }
  return std::nullopt;
}

void DeviceFinder::begin_device() {
  const Bytes rest = code_.subspan(at_);
  if (rest.size() < 2 || byte(rest, 0) != kExtendedPrefix || byte(rest, 1) != kDeviceOp) return;
  const auto length = package_length(rest.subspan(2));
  if (!length) return;
  device_end_ = at_ + 2 + length->whole;
  has_id_ = false;
  resources_.reset();
}

bool DeviceFinder::take_id(std::string_view id) {
  const Bytes name = code_.subspan(at_ + 1, device_end_ - at_ - 1);
  constexpr std::string_view kId = "_HID\x0d";
  static_assert(kId.back() == kStringPrefix);
  if (!starts_with(name, kId)) return false;
  const Bytes text = name.subspan(kId.size());
  has_id_ = text.size() > id.size() && starts_with(text, id) && byte(text, id.size()) == 0;
  return true;
}

void DeviceFinder::take_resources() {
  const Bytes name = code_.subspan(at_ + 1, device_end_ - at_ - 1);
  constexpr std::string_view kResources = "_CRS\x11";
  static_assert(kResources.back() == kBufferOp);
  if (!starts_with(name, kResources)) return;
  const Bytes buffer = name.subspan(kResources.size());
  const auto length = package_length(buffer);
  if (!length) return;
  const auto bytes = after_constant(buffer.subspan(length->own, length->whole - length->own));
  if (!bytes) return;
  resources_ = read_resources(*bytes);
  at_ += 1 + kResources.size() + length->whole - 1;  // the last byte is next()'s to pass
}

}  // namespace toro::firmware::aml
