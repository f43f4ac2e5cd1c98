// `toro new`: a project of the user's own.
#include <algorithm>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/new_project.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

int new_command(Context& context, const NewOptions& options) {
  const auto samples = read_samples(context.sdk / "samples");
  const auto sample = std::ranges::find(samples, options.sample, &Sample::name);
  if (sample == samples.end()) {
    std::vector<std::string> names;
    for (const auto& one : samples) names.push_back(one.name);
    throw Failure(std::format("unknown sample '{}': {}", options.sample, expected_one_of(names, options.sample)),
                  kUsageError);
  }
  const auto folder = make_project(*sample, options.folder);
  const nlohmann::ordered_json json{
      {"directory", folder.string()}, {"name", folder.filename().string()}, {"sample", sample->name}};
  print((options.json ? json.dump(2) : folder.string()) + "\n");
  return 0;
}

}  // namespace toro::cli
