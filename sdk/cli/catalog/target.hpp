// What a command works on: a sample, a project's folder, or an image that is built already.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sdk/cli/catalog/board.hpp"
#include "sdk/cli/catalog/presets.hpp"
#include "sdk/cli/catalog/sample.hpp"

namespace toro::cli {

inline constexpr const char* kDefaultBoard = "qemu-microvm";
inline constexpr const char* kDefaultConfig = "debug";

/// As given on the command line.
struct TargetOptions {
  std::string what = {};         ///< DIR, SAMPLE or an ELF file; empty: the current folder
  std::string board = {};        ///< empty: an image's own, else the default
  std::string config = {};       ///< the same
  std::string application = {};  ///< which of a project's applications, when it has several
  std::string default_board = kDefaultBoard;
  std::string default_config = kDefaultConfig;
};

struct Target {
  enum class Kind { sample, project, image };
  Kind kind;
  std::string name;
  std::filesystem::path directory;             ///< the sources; of an image: its folder
  std::filesystem::path build_directory = {};  ///< empty for an image
  std::filesystem::path image = {};            ///< set for an image only
  bool image_has_stub = false;
  Preset preset = {};
  Board board = {};
  std::optional<Sample> sample = {};
};

/// Finds out what is meant. Throws Failure that lists what there is.
Target resolve_target(const std::filesystem::path& sdk, const TargetOptions& options);

}  // namespace toro::cli
