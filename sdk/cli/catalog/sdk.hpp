// Where the SDK lies and what it holds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace toro::cli {

/// The SDK's root: `given` (--sdk), else the environment's TORO_SDK, else the folder above the tool that holds it.
std::filesystem::path find_sdk(const std::optional<std::string>& given);

}  // namespace toro::cli
