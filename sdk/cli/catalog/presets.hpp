// The configure presets that build for a board: CMakePresets.json is the only list of them.
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
};

/// The presets that have vendor.toro.board; `root` is the folder of CMakePresets.json.
std::vector<Preset> parse_presets(const std::string& text, const std::filesystem::path& root, const std::string& file);
std::vector<Preset> read_presets(const std::filesystem::path& root);

/// Throws Failure that names the configurations there are.
Preset find_preset(const std::vector<Preset>& presets, const std::string& board, const std::string& config);

}  // namespace toro::cli
