// `--share`: folders of the host that the guest mounts, each served by a virtiofsd.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sdk/cli/guest/device_server.hpp"
#include "sdk/cli/guest/mount_wish.hpp"

namespace toro::cli {

struct Share {
  std::filesystem::path folder;  ///< absolute
  std::string tag;               ///< as the guest names it: "share0"
  std::filesystem::path server;  ///< the program
  std::optional<MountWish> mount{};

  [[nodiscard]] std::string socket(const std::string& run) const { return run + "/" + tag + ".sock"; }
  /// A symbolic link to the folder, to be made in the run's folder.
  [[nodiscard]] std::string folder_link(const std::string& run) const { return run + "/" + tag + ".folder"; }
};

/// What `--share` says: DIR, or DIR:PATH where it is to be mounted. `number` is that of the share. Throws Failure
/// with one sentence when there is no such folder, or no virtiofsd.
Share find_share(const std::string& text, unsigned number);

/// The server's arguments, the program first. `where` tells it its socket: "--fd=0", "--socket-path=/run/x.sock". Its
/// folder is what folder_link() leads to, for it takes a comma in a name for the name's end.
std::vector<std::string> server_command(const Share& share, const std::string& run, const std::string& where);

/// The server of a share of a run, whose folder gets what folder_link() says.
DeviceService make_service(const Share& share, const std::string& run);

}  // namespace toro::cli
