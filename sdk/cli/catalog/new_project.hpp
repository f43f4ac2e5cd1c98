// A project of the user's own, made of a sample.
#pragma once

#include <filesystem>
#include <string>

#include "sdk/cli/catalog/sample.hpp"

namespace toro::cli {

/// The text of a sample's CMakeLists.txt with the application's name, which stands behind parentheses, exchanged.
[[nodiscard]] std::string renamed_application(const std::string& cmake, const std::string& from, const std::string& to);

/// Copies the sample's files, but for its README and its build, into `folder`, which is named as the application will
/// be and must not be there or be empty; the absolute path. Throws Failure.
std::filesystem::path make_project(const Sample& sample, const std::filesystem::path& folder);

}  // namespace toro::cli
