// The host's end of a guest's vsock device.
#include "sdk/cli/guest/vsock.hpp"

#include <charconv>
#include <filesystem>
#include <format>

namespace toro::cli {

namespace fs = std::filesystem;

std::optional<VsockTarget> parse_vsock_target(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port<std::uint32_t>(text.substr(0, colon));
  const auto place = text.substr(colon + 1);
  if (!port || place.empty()) return std::nullopt;
  if (parse_port<std::uint16_t>(place)) return VsockTarget{*port, std::string(place)};
  // What looks like a number is no path.
  if (place.find_first_not_of("0123456789") == std::string_view::npos) return std::nullopt;
  return VsockTarget{*port, fs::absolute(place).string()};
}

std::vector<std::string> bridge_command(const Vsock& vsock, const std::vector<std::string>& where) {
  std::vector<std::string> command{(fs::canonical("/proc/self/exe").parent_path() / "toro-vsock").string()};
  command.insert(command.end(), where.begin(), where.end());
  for (const auto& forward : vsock.forwards)
    command.insert(command.end(), {"--forward", std::format("{}:{}", forward.host, forward.guest)});
  for (const auto& target : vsock.targets)
    command.insert(command.end(), {"--connect", std::format("{}={}", target.port, target.place)});
  return command;
}

DeviceService make_service(const Vsock& vsock, const std::string& run) {
  return {.program = "toro-vsock",
          .purpose = "carry streams between the host and the guest",
          .socket = Vsock::socket(run),
          .command = bridge_command(vsock, {})};
}

}  // namespace toro::cli
