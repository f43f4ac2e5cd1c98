// Reads sample.json.
#include "sdk/cli/catalog/sample.hpp"

#include <algorithm>
#include <format>

#include "sdk/cli/catalog/json_file.hpp"

namespace toro::cli {

Sample parse_sample(const std::filesystem::path& directory, const std::string& text, const std::string& file) {
  auto json = parse_json(text, file);
  Sample sample;
  sample.name = directory.filename();
  sample.directory = directory;
  sample.title = required<std::string>(json, "title", file);
  sample.description = optional_key<std::string>(json, "description", "", file);
  sample.boards = required<std::vector<std::string>>(json, "boards", file);
  sample.arguments = optional_key<std::vector<std::string>>(json, "arguments", {}, file);
  sample.expect = optional_key<std::vector<std::string>>(json, "expect", {}, file);
  sample.disks = optional_key<std::vector<std::string>>(json, "disks", {}, file);
  sample.cores = optional_key<unsigned>(json, "cores", 0, file);
  sample.network = optional_key<std::string>(json, "network", "none", file);
  if (sample.network != "user" && sample.network != "none")
    throw Failure(
        std::format("{}: \"network\" was expected to be \"user\" or \"none\": \"{}\" was found", file, sample.network));
  sample.exit_status = optional_key<int>(json, "exit_status", 0, file);
  return sample;
}

std::vector<Sample> read_samples(const std::filesystem::path& samples) {
  std::vector<Sample> all;
  if (!std::filesystem::is_directory(samples)) return all;
  for (const auto& entry : std::filesystem::directory_iterator(samples)) {
    auto file = entry.path() / "sample.json";
    if (std::filesystem::exists(file)) all.push_back(parse_sample(entry.path(), read_text(file), file.string()));
  }
  std::ranges::sort(all, {}, &Sample::name);
  return all;
}

}  // namespace toro::cli
