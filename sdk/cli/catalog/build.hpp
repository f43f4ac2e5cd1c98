// Building a target: CMake once, then Ninja.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/catalog/target.hpp"
#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

struct Application {
  std::string name;
  std::filesystem::path elf;
  bool has_stub;  ///< the image carries the kernel's debugger stub
};

enum class Progress {
  shown,
  when_long,  ///< only where nothing was built before: `run` and `debug` do not talk about each build
};

/// Builds and returns the image. Compiler output goes to stderr as it is. Throws Failure when the build fails.
Application build_target(EventLoop& loop, const std::filesystem::path& sdk, const Target& target,
                         const std::string& application, Progress progress);

/// Configures (if needed) and builds a whole preset of the SDK's own tree; "all" or one Ninja target.
void build_preset(EventLoop& loop, const std::filesystem::path& sdk, const std::string& preset,
                  const std::filesystem::path& build_directory, const std::string& ninja_target, Progress progress);

/// The applications that a build folder makes, by name.
std::vector<Application> list_applications(const std::filesystem::path& build_directory, const std::string& config);

/// Where the image is or will be, without building.
std::filesystem::path expected_elf(const Target& target);

}  // namespace toro::cli
