// Finds out whether a tap device can be used, and says what is wrong where it cannot.
#include "sdk/cli/guest/tap.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <format>

#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {
namespace {

bool is_address(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_prefix(std::string_view text) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  return error == std::errc() && end == text.data() + text.size() && bits <= 32;
}

/// As the kernel's option toro.net0 has it.
bool is_configuration(std::string_view text) {
  constexpr int kMostOthers = 4;  // gateway and name servers
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !is_address(std::string(text.substr(0, slash)))) return false;
  auto comma = text.find(',', slash);
  if (!is_prefix(text.substr(slash + 1, comma - slash - 1))) return false;
  for (int i = 0; comma != std::string_view::npos; ++i) {
    text.remove_prefix(comma + 1);
    comma = text.find(',');
    if (i == kMostOthers || !is_address(std::string(text.substr(0, comma)))) return false;
  }
  return true;
}

}  // namespace

std::optional<Tap> parse_tap(std::string_view text) {
  constexpr std::string_view kWithoutOffloads = ",offloads=off", kQueues = ",queues=";
  auto comma = text.find(',');
  Tap tap{.name = std::string(text.substr(0, comma))};
  text.remove_prefix(std::min(comma, text.size()));
  if (text.starts_with(kWithoutOffloads)) {
    tap.offloads = Tap::Offloads::off;
    text.remove_prefix(kWithoutOffloads.size());
  }
  if (text.starts_with(kQueues)) {
    const char* const number = text.data() + kQueues.size();
    const auto [end, error] = std::from_chars(number, text.data() + text.size(), tap.queues);
    if (error != std::errc() || tap.queues == 0 || tap.queues > kMostQueues) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  comma = text.find(',');
  if (!text.empty() && comma != 0) return std::nullopt;
  if (comma != std::string_view::npos) {
    tap.configuration = text.substr(comma + 1);
    if (!is_configuration(tap.configuration)) return std::nullopt;
  }
  if (tap.name.empty() || tap.name.size() >= IFNAMSIZ) return std::nullopt;
  return tap;
}

void require_tap(const Tap& tap) {
  const std::string& name = tap.name;
  const char* const several = tap.queues > 1 ? " multi_queue" : "";
  if (if_nametoindex(name.c_str()) == 0)
    throw Failure(
        std::format("--net: a tap device was expected: there is no interface '{}'; `ip tuntap add {} mode tap{} "
                    "user $USER` makes one",
                    name, name, several),
        kUsageError);
  const FileDescriptor tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun)
    throw Failure(std::format("--net: /dev/net/tun was expected to open: {}", std::strerror(errno)), kUsageError);
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (tap.queues > 1) request.ifr_flags |= IFF_MULTI_QUEUE;
  if (ioctl(tun.get(), TUNSETIFF, &request) == 0) return;
  const char* const other =
      tap.queues > 1 ? "is none, or was made without multi_queue" : "is none, or was made with multi_queue (queues=N)";
  const char* const why = errno == EINVAL  ? other
                          : errno == EBUSY ? "is in use"
                          : errno == EPERM ? "is another user's"
                                           : std::strerror(errno);
  throw Failure(std::format("--net: a tap device that can be used was expected: '{}' {}", name, why), kUsageError);
}

std::string netdev(const Tap& tap) {
  return std::format("tap,id=net0,ifname={},script=no,downscript=no,vnet_hdr={}{}", quote_for_qemu(tap.name),
                     tap.offloads == Tap::Offloads::on ? "on" : "off",
                     tap.queues > 1 ? std::format(",queues={}", tap.queues) : "");
}

}  // namespace toro::cli
