// Resolves the command line's DIR or SAMPLE.
#include "sdk/cli/catalog/target.hpp"

#include <algorithm>
#include <format>
#include <fstream>
#include <string_view>

#include "sdk/cli/catalog/image_note.hpp"
#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<Sample>& samples) {
  std::vector<std::string> names;
  for (const auto& sample : samples) names.push_back(sample.name);
  return names;
}

bool same_folder(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  return fs::equivalent(a, b, ignored);
}

/// The sample that the words name, by its name or by its folder.
const Sample* find_sample(const std::vector<Sample>& samples, const std::string& what) {
  for (const auto& sample : samples)
    if (sample.name == what || same_folder(sample.directory, what.empty() ? "." : what)) return &sample;
  return nullptr;
}

Target project_target(const fs::path& sdk, const fs::path& folder, const std::vector<Sample>& samples) {
  auto directory = fs::canonical(folder);
  if (same_folder(directory, sdk))
    throw Failure(std::format("a sample's name or a project's folder was expected; the samples are: {}",
                              joined(names_of(samples))),
                  kUsageError);
  if (!fs::exists(directory / "CMakeLists.txt"))
    throw Failure(std::format("{} was expected to hold a CMakeLists.txt and does not: name a sample (one of {}) or a "
                              "project's folder",
                              directory.string(), joined(names_of(samples))),
                  kUsageError);
  Target target{.kind = Target::Kind::project, .name = directory.filename(), .directory = directory};
  if (const auto file = directory / "sample.json"; fs::exists(file))
    target.sample = parse_sample(directory, read_text(file), file.string());
  return target;
}

bool is_elf(const fs::path& file) {
  constexpr std::string_view kMagic =
      "\x7f"
      "ELF";
  std::string head(kMagic.size(), '\0');
  return std::ifstream(file, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size())) &&
         head == kMagic;
}

Target locate(const fs::path& sdk, const std::string& what) {
  auto samples = read_samples(sdk / "samples");
  if (const auto* sample = find_sample(samples, what))
    return {.kind = Target::Kind::sample, .name = sample->name, .directory = sample->directory, .sample = *sample};
  if (fs::is_regular_file(what)) {
    auto image = fs::canonical(what);
    if (!is_elf(image))
      throw Failure(std::format("a sample, a project's folder or an ELF image was expected: '{}' is a file of another "
                                "kind",
                                what),
                    kUsageError);
    return {.kind = Target::Kind::image, .name = image.stem(), .directory = image.parent_path(), .image = image};
  }
  if (fs::is_directory(what.empty() ? "." : what)) return project_target(sdk, what.empty() ? "." : what, samples);
  throw Failure(std::format("unknown sample or folder '{}': {}", what, expected_one_of(names_of(samples), what)),
                kUsageError);
}

/// What the command line says, if anything, is what the image was built for.
void require_same(const char* option, const std::string& given, const std::string& built_for, const fs::path& image) {
  if (given.empty() || given == built_for) return;
  throw Failure(std::format("--{0} {1} was expected, or no --{0}: '{2}' was built for {1}, {3} was found", option,
                            built_for, image.string(), given),
                kUsageError);
}

Board board_of(const fs::path& sdk, const ImageNote& note, const fs::path& image) {
  const auto boards = read_boards(sdk);
  const auto known = std::ranges::find(boards, note.board, &Board::name);
  if (known == boards.end())
    throw Failure(std::format("--board was expected to name the folder of board '{}', which '{}' was built for",
                              note.board, image.string()),
                  kUsageError);
  return *known;
}

}  // namespace

Target resolve_target(const fs::path& sdk, const TargetOptions& options) {
  // The board first: a mistake there is the same for every target.
  std::optional<Board> board;
  if (!options.board.empty()) board = find_board(sdk, options.board);
  Target target = locate(sdk, options.what);
  std::string config = options.config;
  const auto note = target.kind == Target::Kind::image ? read_image_note(target.image) : std::nullopt;
  if (note) {
    const std::string built_for = note->config == "debug" ? "debug" : "release";
    require_same("board", board ? board->name : "", note->board, target.image);
    require_same("config", config, built_for, target.image);
    if (!board) board = board_of(sdk, *note, target.image);
    config = built_for;
  }
  if (!board) board = find_board(sdk, options.default_board);
  if (config.empty()) config = options.default_config;
  auto presets = read_presets(sdk);
  bool listed = is_of_sdk(*board, sdk) && std::ranges::contains(presets, board->name, &Preset::board);
  target.preset =
      listed ? find_preset(presets, board->name, config) : derive_preset(sdk / "build", board->directory, config);
  target.board = *std::move(board);
  target.image_has_stub = note ? note->has_stub : config == "debug";
  if (target.kind == Target::Kind::sample) target.build_directory = target.preset.build_directory;
  if (target.kind == Target::Kind::project) target.build_directory = target.directory / "build" / target.preset.name;
  if (target.sample && is_of_sdk(target.board, sdk) &&
      !std::ranges::contains(target.sample->boards, target.board.name) &&
      !std::ranges::contains(target.sample->boards, target.board.like))
    throw Failure(std::format("sample '{}' does not run on board '{}': {}", target.name, target.board.name,
                              expected_one_of(target.sample->boards, target.board.name)),
                  kUsageError);
  return target;
}

}  // namespace toro::cli
