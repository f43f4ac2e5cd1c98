// What the guest is asked to mount before main runs.
#include "sdk/cli/guest/mount_wish.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "sdk/cli/guest/quote.hpp"

namespace toro::cli {
namespace {

constexpr std::array<std::string_view, 2> kDiskFilesystems{"ext2", "fat"};

bool is_partition(std::string_view word) {
  return word.size() > 1 && word.starts_with('p') && word.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

std::string mount_option(const MountWish& wish) {
  return "toro.mount=" + quote_for_guest(std::format("{}:{}:{}", wish.kind, wish.source, wish.place));
}

bool is_disk_filesystem(std::string_view name) {
  return std::ranges::find(kDiskFilesystems, name) != kDiskFilesystems.end();
}

MountSuffix take_mount_suffix(std::string& text) {
  MountSuffix suffix;
  for (auto colon = text.rfind(':'); colon != std::string::npos; colon = text.rfind(':')) {
    const auto word = text.substr(colon + 1);
    if (word == "ro")
      suffix.read_only = true;
    else if (is_partition(word))
      suffix.partition = word;
    else if (is_disk_filesystem(word))
      suffix.kind = word;
    else if (word.starts_with('/'))
      suffix.place = word;
    else
      break;
    text.resize(colon);
  }
  return suffix;
}

}  // namespace toro::cli
