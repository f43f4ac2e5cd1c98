// The configure presets that build for a board: of CMakePresets.json, or derived for boards that it does not name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace toro::cli {

struct Preset {
  std::string name;
  std::string board;   ///< vendor.toro.board
  std::string config;  ///< vendor.toro.config
  std::string build_type;
  std::filesystem::path build_directory;
  std::filesystem::path board_directory;  ///< of a preset that CMakePresets.json does not have; else empty
};

/// The presets that have vendor.toro.board; `root` is the folder of CMakePresets.json.
std::vector<Preset> parse_presets(const std::string& text, const std::filesystem::path& root, const std::string& file);
std::vector<Preset> read_presets(const std::filesystem::path& root);

/// Throws Failure that names the configurations there are.
Preset find_preset(const std::vector<Preset>& presets, const std::string& board, const std::string& config);

/// The preset of a board that CMakePresets.json does not name, which builds below `builds`. Throws Failure for a
/// configuration that is neither debug nor release.
Preset derive_preset(const std::filesystem::path& builds, const std::filesystem::path& board,
                     const std::string& config);

}  // namespace toro::cli
