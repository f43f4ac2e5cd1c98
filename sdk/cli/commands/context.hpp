// What every command gets.
#pragma once

#include <filesystem>
#include <string>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

struct Context {
  EventLoop& loop;
  std::filesystem::path sdk;
};

/// Installs the packages of a group if one of its checks fails; throws Failure when that is not possible.
void ensure_group(Context& context, const std::string& group);

/// The same for what every build needs, asked quickly.
void ensure_toolchain(Context& context);

}  // namespace toro::cli
