// Devices in a DSDT, as QEMU's microvm and Firecracker write them.
#include "kernel/firmware/aml_devices.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "kernel/firmware/acpi.hpp"

using namespace toro::firmware;
using namespace std::string_literals;

namespace {

constexpr std::string_view kId = "LNRO0005";

std::string number(std::uint32_t value, unsigned bytes = 4) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
  return text;
}

/// With a package length of one, two or three bytes in front.
std::string package(const std::string& body, unsigned own = 1) {
  const auto length = static_cast<std::uint32_t>(body.size() + own);
  if (own == 1) return static_cast<char>(length) + body;
  return static_cast<char>((own - 1) << 6 | (length & 15)) + number(length >> 4, own - 1) + body;
}

std::string id(std::string_view text) {
  return "\x08_HID\x0d" + std::string(text) + '\0';
}
std::string memory(std::uint32_t base, std::uint32_t size) {
  return "\x86\x09\x00\x01"s + number(base) + number(size);
}
std::string interrupt(std::uint32_t gsi) {
  return "\x89\x06\x00\x01\x01"s + number(gsi);
}
std::string resources(const std::string& descriptors) {
  const std::string bytes = descriptors + "\x79\0"s;
  return "\x08_CRS\x11" + package("\x0a" + number(static_cast<std::uint32_t>(bytes.size()), 1) + bytes);
}
std::string device(const std::string& body, unsigned own = 2) {
  return "\x5b\x82" + package("VR00" + body, own);
}

struct Found {
  std::uint64_t base, length;
  std::uint32_t interrupt;
  bool operator==(const Found&) const = default;
};

std::vector<Found> find(const std::string& code) {
  const std::string block = std::string(sizeof(acpi::TableHeader), '\0') + code;
  aml::DeviceFinder finder(std::as_bytes(std::span{block}));
  std::vector<Found> found;
  while (const auto next = finder.next(kId)) found.push_back({next->base, next->length, next->interrupt});
  return found;
}

const std::string kGood = id(kId) + "\x08_UID\x01\x08_CCA\x01" + resources(memory(0xfeb00000, 512) + interrupt(16));

}  // namespace

TEST_CASE("aml: devices with their registers and interrupt") {
  CHECK(find(device(kGood)) == std::vector<Found>{{0xfeb00000, 512, 16}});
  CHECK(find("\x10" + package("\\_SB_" + device(id(kId) + resources(memory(0xfeb00000, 512) + interrupt(16)), 1) +
                                  device(resources(interrupt(17) + memory(0xfeb00200, 512)) + id(kId), 3),
                              2)) == std::vector<Found>{{0xfeb00000, 512, 16}, {0xfeb00200, 512, 17}});
}

TEST_CASE("aml: other devices and names are passed over") {
  CHECK(find(device(id("LNRO0006") + resources(memory(1, 512) + interrupt(1)))).empty());
  CHECK(find(device(id("LNRO00051") + resources(memory(1, 512) + interrupt(1)))).empty());
  CHECK(find(kGood).empty());  // within no device
  CHECK(find(device(id(kId)) + resources(memory(1, 512) + interrupt(1))).empty());
  CHECK(find(device(id(kId)) + device(resources(memory(1, 512) + interrupt(1)))).empty());
  CHECK(find(device(id(kId) + resources(memory(1, 512)))).empty());
  CHECK(find(device(id(kId) + resources(interrupt(1)))).empty());
  CHECK(find("").empty());
}

TEST_CASE("aml: what does not fit is no device") {
  const std::string good = device(kGood);
  for (std::size_t length = 0; length < good.size(); ++length) CHECK(find(good.substr(0, length)).empty());
  CHECK(find("\x5b\x82\xff" + kGood).empty());
  CHECK(find("\x5b\x82\x00"s + kGood).empty());
  // A descriptor that reaches beyond its buffer.
  CHECK(find(device(id(kId) + resources("\x86\xff\xff"s + memory(1, 512) + interrupt(1)))).empty());
}

TEST_CASE("aml: of several registers and interrupts the first") {
  CHECK(find(device(id(kId) + resources("\x47\x01"s + std::string(6, '\0') + memory(0x1000, 0x200) +
                                        memory(0x2000, 0x200) + interrupt(5) + interrupt(6)))) ==
        std::vector<Found>{{0x1000, 0x200, 5}});
}
