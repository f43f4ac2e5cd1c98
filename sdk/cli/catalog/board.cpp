// Reads board.json.
#include "sdk/cli/catalog/board.hpp"

#include <algorithm>
#include <cstdlib>
#include <format>
#include <sstream>

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
  board.disk = optional_key(json, "disk", std::vector<std::string>(), file);
  board.disk_places = optional_key(json, "disk_places", std::vector<std::string>(), file);
  board.share = optional_key(json, "share", std::vector<std::string>(), file);
  board.channels = required<std::map<std::string, std::vector<std::string>>>(json, "channels", file);
  for (const char* channel : {"console", "debug", "qemu-stub", "exit", "monitor"})
    if (!board.channels.contains(channel))
      throw Failure(std::format("{}: \"channels\" was expected to have \"{}\"", file, channel));
  return board;
}

Board read_board(const std::filesystem::path& directory, const std::filesystem::path& boards) {
  auto file = directory / "board.json";
  auto json = read_json(file);
  auto like = optional_key<std::string>(json, "like", "", file.string());
  if (!like.empty()) {
    auto model = boards / like / "board.json";
    if (!std::filesystem::exists(model))
      throw Failure(std::format("{}: \"like\" was expected to name a board of the SDK: there is no {}", file.string(),
                                model.string()));
    auto whole = read_json(model);
    whole.erase("aliases");
    whole.merge_patch(json);
    json = std::move(whole);
  }
  auto board = parse_board(std::filesystem::canonical(directory).filename(), json.dump(), file.string());
  board.directory = std::filesystem::canonical(directory);
  board.like = like;
  return board;
}

std::vector<Board> read_boards(const std::filesystem::path& sdk) {
  std::vector<std::filesystem::path> folders{sdk / "boards"};
  const char* listed = std::getenv("TORO_BOARDS");
  std::istringstream more(listed != nullptr ? listed : "");
  for (std::string folder; std::getline(more, folder, ':');) {
    if (folder.empty()) continue;
    if (!std::filesystem::is_directory(folder))
      throw Failure(std::format("TORO_BOARDS was expected to list folders of boards: {} is none", folder), kUsageError);
    folders.emplace_back(folder);
  }
  std::vector<Board> all;
  for (const auto& folder : folders)
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (std::filesystem::exists(entry.path() / "board.json")) all.push_back(read_board(entry.path(), sdk / "boards"));
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

Board find_board(const std::filesystem::path& sdk, const std::string& name) {
  if (name.contains('/') || std::filesystem::exists(std::filesystem::path(name) / "board.json"))
    return read_board(name, sdk / "boards");
  return find_board(read_boards(sdk), name);
}

bool is_of_sdk(const Board& board, const std::filesystem::path& sdk) {
  std::error_code ignored;
  return std::filesystem::equivalent(board.directory.parent_path(), sdk / "boards", ignored);
}

}  // namespace toro::cli
