// Reads CMakePresets.json as far as the tool needs it: names, vendor data, inherited build folders.
#include "sdk/cli/catalog/presets.hpp"

#include <algorithm>
#include <cstdint>
#include <format>
#include <map>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/suggestion.hpp"

namespace toro::cli {
namespace {

using Named = std::map<std::string, nlohmann::json>;

std::vector<std::string> parents_of(const nlohmann::json& preset) {
  if (!preset.contains("inherits")) return {};
  const auto& inherits = preset.at("inherits");
  if (inherits.is_string()) return {inherits.get<std::string>()};
  return inherits.get<std::vector<std::string>>();
}

/// The nearest value of a key on the way up the presets inherited from; null when there is none.
nlohmann::json inherited(const Named& presets, const std::string& name, const nlohmann::json::json_pointer& key) {
  auto found = presets.find(name);
  if (found == presets.end()) return nullptr;
  if (found->second.contains(key)) return found->second.at(key);
  for (const auto& parent : parents_of(found->second))
    if (auto value = inherited(presets, parent, key); !value.is_null()) return value;
  return nullptr;
}

void replace_all(std::string& text, std::string_view macro, const std::string& value) {
  for (auto at = text.find(macro); at != std::string::npos; at = text.find(macro, at + value.size()))
    text.replace(at, macro.size(), value);
}

/// Boards of one name may lie in several places. [FNV-1a]
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return hash;
}

}  // namespace

std::vector<Preset> parse_presets(const std::string& text, const std::filesystem::path& root, const std::string& file) {
  auto json = parse_json(text, file);
  Named named;
  for (const auto& preset : required<nlohmann::json>(json, "configurePresets", file))
    named.emplace(required<std::string>(preset, "name", file), preset);
  std::vector<Preset> all;
  for (const auto& [name, json_preset] : named) {
    auto vendor = json_preset.value("/vendor/toro"_json_pointer, nlohmann::json());
    if (!vendor.contains("board")) continue;
    Preset preset{
        name, required<std::string>(vendor, "board", file), required<std::string>(vendor, "config", file), {}, {}, {}};
    if (auto type = inherited(named, name, "/cacheVariables/CMAKE_BUILD_TYPE"_json_pointer); type.is_string())
      preset.build_type = type.get<std::string>();
    auto folder = inherited(named, name, "/binaryDir"_json_pointer);
    if (!folder.is_string())
      throw Failure(std::format("{}: preset \"{}\" was expected to have a binaryDir", file, name));
    auto expanded = folder.get<std::string>();
    replace_all(expanded, "${sourceDir}", root.string());
    replace_all(expanded, "${presetName}", name);
    preset.build_directory = expanded;
    all.push_back(std::move(preset));
  }
  return all;
}

std::vector<Preset> read_presets(const std::filesystem::path& root) {
  auto file = root / "CMakePresets.json";
  return parse_presets(read_text(file), root, file.string());
}

Preset find_preset(const std::vector<Preset>& presets, const std::string& board, const std::string& config) {
  std::vector<std::string> configs;
  for (const auto& preset : presets) {
    if (preset.board != board) continue;
    if (preset.config == config) return preset;
    configs.push_back(preset.config);
  }
  if (configs.empty())
    throw Failure(
        std::format("board '{}' has no preset in CMakePresets.json: one with vendor.toro.board was expected", board));
  throw Failure(
      std::format("unknown configuration '{}' of board '{}': {}", config, board, expected_one_of(configs, config)),
      kUsageError);
}

Preset derive_preset(const std::filesystem::path& builds, const std::filesystem::path& board,
                     const std::string& config) {
  const std::vector<std::string> configs{"debug", "release"};
  auto name = board.filename().string();
  if (!std::ranges::contains(configs, config))
    throw Failure(
        std::format("unknown configuration '{}' of board '{}': {}", config, name, expected_one_of(configs, config)),
        kUsageError);
  auto preset = std::format("{}-{}-{:08x}", name, config, hash_of(board.string()));
  return {preset, name, config, config == "debug" ? "Debug" : "Release", builds / preset, board};
}

}  // namespace toro::cli
