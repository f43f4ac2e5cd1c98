// `toro boards` and `toro samples`.
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"

namespace toro::cli {

int boards_command(Context& context, Output output) {
  auto presets = read_presets(context.sdk);
  auto json = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows{{"BOARD", "CONFIGURATIONS", "WHAT IT IS"}};
  for (const auto& board : read_boards(context.sdk)) {
    std::vector<std::string> configs;
    auto json_presets = nlohmann::ordered_json::object();
    for (const auto& preset : presets) {
      if (preset.board != board.name || !is_of_sdk(board, context.sdk)) continue;
      configs.push_back(preset.config);
      json_presets[preset.config] = preset.name;
    }
    if (configs.empty()) {
      for (const char* config : {"debug", "release"}) {
        configs.emplace_back(config);
        json_presets[config] = derive_preset(context.sdk / "build", board.directory, config).name;
      }
    }
    rows.push_back({board.name, joined(configs), board.title + ": " + board.description});
    json.push_back({{"name", board.name},
                    {"directory", board.directory.string()},
                    {"aliases", board.aliases},
                    {"title", board.title},
                    {"description", board.description},
                    {"default", board.name == kDefaultBoard},
                    {"configs", configs},
                    {"presets", json_presets},
                    {"memory_mib", board.default_memory_mib},
                    {"minimum_memory_mib", board.minimum_memory_mib},
                    {"cores", board.default_cores},
                    {"maximum_cores", board.maximum_cores}});
  }
  print(output == Output::json ? json.dump(2) + "\n" : format_table(rows));
  return 0;
}

int samples_command(Context& context, Output output) {
  auto json = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows{{"SAMPLE", "BOARDS", "WHAT IT SHOWS"}};
  for (const auto& sample : read_samples(context.sdk / "samples")) {
    rows.push_back({sample.name, joined(sample.boards),
                    sample.description.empty() ? sample.title : sample.title + ": " + sample.description});
    json.push_back({{"name", sample.name},
                    {"title", sample.title},
                    {"description", sample.description},
                    {"directory", sample.directory.string()},
                    {"boards", sample.boards},
                    {"arguments", sample.arguments},
                    {"expect", sample.expect},
                    {"cores", sample.cores},
                    {"disks", sample.disks},
                    {"network", sample.network},
                    {"exit_status", sample.exit_status}});
  }
  print(output == Output::json ? json.dump(2) + "\n" : format_table(rows));
  return 0;
}

}  // namespace toro::cli
