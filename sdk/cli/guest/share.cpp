// Finds folders to be shared, and the program that shares them.
#include "sdk/cli/guest/share.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"
#include "sdk/cli/host/user_namespace.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

/// Where distributions keep it: the one in Rust, and the one in C that QEMU had up to 7.2.
constexpr std::array kPlaces{"virtiofsd", "/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd"};

fs::path find_server() {
  if (const char* chosen = std::getenv("TORO_VIRTIOFSD")) {
    if (const auto found = find_program(chosen)) return *found;
    throw Failure(std::format("--share: a program was expected where TORO_VIRTIOFSD says: '{}' is none", chosen),
                  kUsageError);
  }
  for (const char* place : kPlaces)
    if (const auto found = find_program(place)) return *found;
  throw Failure(
      "--share: virtiofsd was expected in PATH, /usr/libexec or /usr/lib/qemu and was not found: Debian 12 has it in "
      "qemu-system-common, which `toro setup --for run` installs, later ones in virtiofsd",
      kUsageError);
}

/// Both kinds take these. Changing the root works where namespaces are forbidden: in containers.
constexpr std::string_view kOptions = "cache=auto,sandbox=chroot";

}  // namespace

Share find_share(const std::string& text, unsigned number) {
  Share share{.folder = {}, .tag = std::format("share{}", number), .server = {}};
  std::string name = text;
  const auto suffix = take_mount_suffix(name);
  if (suffix.read_only || suffix.kind)
    throw Failure(std::format("--share: DIR or DIR:PATH was expected: '{}' was found", text), kUsageError);
  if (suffix.place) share.mount = MountWish{.kind = "virtiofs", .source = share.tag, .place = *suffix.place};
  std::error_code error;
  if (!fs::is_directory(name, error))
    throw Failure(std::format("--share: a folder was expected: '{}' {}", name,
                              fs::exists(name, error) ? "is none" : "is not there"),
                  kUsageError);
  if (access(name.c_str(), R_OK | X_OK) != 0)
    throw Failure(std::format("--share: a folder that can be read was expected: '{}': {}", name, std::strerror(errno)),
                  kUsageError);
  share.folder = fs::canonical(name);
  share.server = find_server();
  return share;
}

std::vector<std::string> server_command(const Share& share, const std::string& run, const std::string& where) {
  return {share.server.string(), where, "-f", "-o", std::format("source={}/.,{}", share.folder_link(run), kOptions)};
}

DeviceService make_service(const Share& share, const std::string& run) {
  fs::create_symlink(share.folder, share.folder_link(run));
  return {.program = "virtiofsd",
          .purpose = std::format("serve {} to the guest", share.folder.string()),
          .socket = share.socket(run),
          .command = server_command(share, run, std::format("--fd={}", STDIN_FILENO)),
          // It changes its root, and takes the identity of whom it creates files for.
          .before = geteuid() != 0 ? become_root_of_user_namespace : nullptr};
}

}  // namespace toro::cli
