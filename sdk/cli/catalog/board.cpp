// Reads board.json.
#include "sdk/cli/catalog/board.hpp"

#include <algorithm>
#include <format>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/suggestion.hpp"

namespace toro::cli {

Board parse_board(const std::string& name, const std::string& text, const std::string& file) {
  auto json = parse_json(text, file);
  Board board;
  board.name = name;
  board.aliases = optional_key(json, "aliases", std::vector<std::string>(), file);
  board.title = required<std::string>(json, "title", file);
  board.description = required<std::string>(json, "description", file);
  board.emulator = required<std::string>(json, "emulator", file);
  board.machine = required<std::string>(json, "machine", file);
  board.cpu = required<std::map<std::string, std::string>>(json, "cpu", file);
  if (!board.cpu.contains("tcg"))
    throw Failure(std::format("{}: \"cpu\" was expected to name a model for \"tcg\"", file));
  auto memory = required<nlohmann::json>(json, "memory_mib", file);
  board.default_memory_mib = required<unsigned>(memory, "default", file);
  board.minimum_memory_mib = required<unsigned>(memory, "minimum", file);
  auto cores = required<nlohmann::json>(json, "cores", file);
  board.default_cores = required<unsigned>(cores, "default", file);
  board.maximum_cores = required<unsigned>(cores, "maximum", file);
  board.arguments = required<std::vector<std::string>>(json, "arguments", file);
  board.channels = required<std::map<std::string, std::vector<std::string>>>(json, "channels", file);
  for (const char* channel : {"console", "debug", "qemu-stub", "exit", "monitor"})
    if (!board.channels.contains(channel))
      throw Failure(std::format("{}: \"channels\" was expected to have \"{}\"", file, channel));
  return board;
}

std::vector<Board> read_boards(const std::filesystem::path& boards) {
  std::vector<Board> all;
  for (const auto& entry : std::filesystem::directory_iterator(boards)) {
    auto file = entry.path() / "board.json";
    if (!std::filesystem::exists(file)) continue;
    all.push_back(parse_board(entry.path().filename(), read_text(file), file.string()));
  }
  std::ranges::sort(all, {}, &Board::name);
  return all;
}

Board find_board(const std::vector<Board>& boards, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& board : boards)
    if (board.name == name || std::ranges::contains(board.aliases, name)) return board;
  for (const auto& board : boards) names.push_back(board.name);
  throw Failure(std::format("unknown board '{}': {}", name, expected_one_of(names, name)), kUsageError);
}

}  // namespace toro::cli
