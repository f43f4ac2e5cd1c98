// What the SDK needs from the system: sdk/packages.txt, and what of it is there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace toro::cli {

struct Requirement {
  std::string group;    ///< build, run, debug, test, extension
  std::string package;  ///< Debian's name
  std::string check;    ///< cmd:NAME or file:PATH
  std::string minimum;  ///< oldest version, empty: any
  std::string purpose;
};

struct PackageList {
  unsigned llvm = 0;  ///< the version that `@` stands for
  std::vector<Requirement> requirements;
};

/// Reads the list; `clang_installed` tells for an LLVM version whether its clang is there.
PackageList parse_packages(const std::string& text, const std::string& file, bool (*clang_installed)(unsigned version));
PackageList read_packages(const std::filesystem::path& sdk);

/// The program of that name of the newest LLVM found: NAME-22 … NAME-19, or plain NAME.
std::optional<std::filesystem::path> find_llvm_program(const std::string& name);

/// -1, 0, 1 by the numbers in the versions: "7.2.22" against "7.2".
int compare_versions(const std::string& a, const std::string& b);

/// The first thing in the text that looks like a version: digits and dots with at least one dot.
std::string find_version(const std::string& text);

}  // namespace toro::cli
