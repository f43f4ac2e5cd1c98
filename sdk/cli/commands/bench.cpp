// `toro bench`: builds the images, then tests/bench/toro_bench measures them.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <format>

#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/catalog/presets.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

/// The harness needs a Python; of several it takes the system's, whose packages `toro setup` installs.
std::string find_python(Context& context) {
  constexpr const char* kSystemPython = "/usr/bin/python3";
  if (access(kSystemPython, X_OK) == 0) return kSystemPython;
  ensure_group(context, "test");
  auto python = find_program("python3");
  if (!python) throw Failure("python3 was expected in PATH and was not found: `toro setup --for test` installs it");
  return python->string();
}

/// One benchmark is one module.
std::vector<std::string> benchmark_names(const fs::path& harness) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(harness / "toro_bench/benchmarks"))
    if (auto name = entry.path().stem().string(); entry.path().extension() == ".py" && !name.starts_with('_'))
      names.push_back(name);
  std::ranges::sort(names);
  return names;
}

void check(const BenchOptions& options, const fs::path& harness) {
  auto known = benchmark_names(harness);
  for (const auto& name : options.names)
    if (!std::ranges::contains(known, name))
      throw Failure(std::format("unknown benchmark '{}': {}", name, expected_one_of(known, name)), kUsageError);
  if (!options.compare.empty() && access(options.compare.c_str(), R_OK) != 0)
    throw Failure(
        std::format("--compare was expected to name a file that `toro bench --json` wrote: '{}' cannot be read",
                    options.compare),
        kUsageError);
}

/// The options again, as the harness takes them.
std::vector<std::string> harness_words(const BenchOptions& options) {
  auto words = options.names;
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  };
  add("--json", options.json);
  add("--compare", options.compare);
  add("--plot", options.plot);
  if (options.list) words.emplace_back("--list");
  if (options.only_counts) words.emplace_back("--short");
  return words;
}

}  // namespace

int bench_command(Context& context, const BenchOptions& options) {
  auto harness = context.sdk / "tests/bench";
  check(options, harness);
  if (!options.list) {
    ensure_toolchain(context);
    ensure_group(context, "run");
    if (!options.plot.empty()) ensure_group(context, "bench");
    for (const auto& preset : read_presets(context.sdk))
      build_preset(context.loop, context.sdk, preset.name, preset.build_directory, "bench", Progress::when_long);
  }
  std::vector<std::string> command{find_python(context), "-m", "toro_bench"};
  command.append_range(harness_words(options));
  ProcessOptions process;
  process.environment = {{"PYTHONPATH", harness.string()},
                         {"PYTHONDONTWRITEBYTECODE", "1"},
                         {"TORO", fs::canonical("/proc/self/exe").string()},
                         {"TORO_SDK", context.sdk.string()}};
  process.death_signal = SIGTERM;  // it ends its guests
  return run_program(context.loop, command, process);
}

}  // namespace toro::cli
