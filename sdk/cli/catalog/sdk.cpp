// Finds the SDK's root.
#include "sdk/cli/catalog/sdk.hpp"

#include <cstdlib>
#include <format>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

bool is_sdk(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "sdk/packages.txt") && std::filesystem::exists(folder / "CMakePresets.json");
}

std::filesystem::path checked(const std::string& folder, const char* source) {
  if (!is_sdk(folder))
    throw Failure(
        std::format("{} names {}, where sdk/packages.txt was expected and not found: name the Toro SDK's root", source,
                    folder),
        kUsageError);
  return std::filesystem::canonical(folder);
}

}  // namespace

std::filesystem::path find_sdk(const std::optional<std::string>& given) {
  if (given) return checked(*given, "--sdk");
  if (const char* root = std::getenv("TORO_SDK"); root != nullptr && *root != '\0') return checked(root, "TORO_SDK");
  auto tool = std::filesystem::canonical("/proc/self/exe");
  for (auto folder = tool.parent_path();; folder = folder.parent_path()) {
    if (is_sdk(folder)) return folder;
    if (folder == folder.root_path()) break;
  }
  throw Failure(
      std::format("the Toro SDK was expected above {} and was not found: set TORO_SDK to its root", tool.string()));
}

}  // namespace toro::cli
