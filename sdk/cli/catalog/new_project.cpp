#include "sdk/cli/catalog/new_project.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <fstream>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kNameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
/// Targets that every CMake build has. [CMake policy CMP0037]
constexpr std::array<std::string_view, 6> kTakenNames{"all", "clean", "help", "install", "package", "test"};

void check_name(const std::string& name) {
  if (name.empty() || !kLetters.contains(name.front()) || name.find_first_not_of(kNameCharacters) != std::string::npos)
    throw Failure(std::format("the folder's name becomes the application's: a letter, then letters, digits, - and _ "
                              "were expected, '{}' was found",
                              name),
                  kUsageError);
  if (std::ranges::contains(kTakenNames, name))
    throw Failure(std::format("the folder's name becomes the application's, and CMake has a target '{}': name the "
                              "folder otherwise",
                              name),
                  kUsageError);
}

bool is_copied(const fs::path& file) {
  const auto name = file.filename();
  return name != "build" && name != "README.md";
}

void copy_files(const Sample& sample, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  for (const auto& entry : fs::directory_iterator(sample.directory))
    if (!error && is_copied(entry.path()))
      fs::copy(entry.path(), folder / entry.path().filename(), fs::copy_options::recursive, error);
  if (error) throw Failure(std::format("{} was expected to be writable: {}", folder.string(), error.message()));
}

}  // namespace

std::string renamed_application(const std::string& cmake, const std::string& from, const std::string& to) {
  std::string text = cmake;
  const auto name = '(' + from;
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if (end < text.size() && kNameCharacters.contains(text[end])) continue;
    text.replace(at + 1, from.size(), to);
  }
  return text;
}

fs::path make_project(const Sample& sample, const fs::path& folder) {
  auto whole = fs::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  check_name(whole.filename());
  if (fs::exists(whole) && !(fs::is_directory(whole) && fs::is_empty(whole)))
    throw Failure(
        std::format("{} was expected to be a new folder or an empty one: it is neither, and nothing was changed",
                    whole.string()),
        kUsageError);
  copy_files(sample, whole);
  const auto cmake = renamed_application(read_text(whole / "CMakeLists.txt"), sample.name, whole.filename());
  std::ofstream(whole / "CMakeLists.txt") << cmake;
  return whole;
}

}  // namespace toro::cli
