// Reads CMakePresets.json as far as the tool needs it: names, vendor data, inherited build folders.
#include "sdk/cli/catalog/presets.hpp"

#include <algorithm>
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
        name, required<std::string>(vendor, "board", file), required<std::string>(vendor, "config", file), {}, {}};
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

}  // namespace toro::cli
