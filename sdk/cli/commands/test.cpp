// `toro test`: builds what is needed, has CTest run it, and sums up.
#include <algorithm>
#include <array>
#include <format>
#include <thread>

#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/junit.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/guest_tests.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/run_directory.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

const std::vector<std::string> kLabels{"style", "unit", "fuzz", "editor", "guest", "system", "e2e", "bench"};

enum class ListOnly { no, yes };

struct Tally {
  std::vector<TestResult> results;

  [[nodiscard]] auto count(TestResult::Verdict verdict) const {
    return std::ranges::count(results, verdict, &TestResult::verdict);
  }
  void add_failure(const std::string& name, const std::string& reason) {
    results.push_back({name, TestResult::Verdict::failed, reason});
  }
};

bool wants(const std::vector<std::string>& labels, std::string_view label) {
  return std::ranges::contains(labels, label);
}

std::vector<std::string> chosen_labels(const TestOptions& options) {
  for (const auto& label : options.labels)
    if (!wants(kLabels, label))
      throw Failure(std::format("unknown label '{}': {}", label, expected_one_of(kLabels, label)), kUsageError);
  if (!options.labels.empty()) return options.labels;
  // Figures are for a quiet machine, not for every run.
  return {"style", "unit", "fuzz", "editor", "guest", "system", "e2e"};
}

bool boots(const std::vector<std::string>& labels) {
  return std::ranges::any_of(labels,
                             [](const auto& label) { return !wants({"style", "unit", "fuzz", "editor"}, label); });
}

/// True when it is built; a build that fails is a failed test.
bool build(Context& context, const std::string& preset, const std::filesystem::path& folder, Tally& tally) {
  try {
    build_preset(context.loop, context.sdk, preset, folder, "all", Progress::when_long);
    return true;
  } catch (const Failure& failure) {
    std::fputs(std::format("toro: error: {}\n", failure.what()).c_str(), stderr);
    tally.add_failure("build of " + preset, failure.what());
    return false;
  }
}

/// The tests that CTest knows of in a build folder; their names in the summary begin with `prefix`.
void run_ctest(Context& context, const std::filesystem::path& folder, const std::vector<std::string>& labels,
               const std::string& prefix, ListOnly list, Tally& tally) {
  std::vector<std::string> command{"ctest",
                                   "--test-dir",
                                   folder.string(),
                                   "--label-regex",
                                   std::format("^({})$", joined(labels, "|")),
                                   "--no-tests=ignore"};
  ProcessOptions options;
  options.death_signal = SIGTERM;
  if (list == ListOnly::yes) {
    command.emplace_back("--show-only");
    run_program(context.loop, command, options);
    return;
  }
  RunDirectory results_folder;
  auto junit = results_folder.path() / "results.xml";
  command.insert(command.end(), {"--output-on-failure", "--output-junit", junit.string(), "--parallel",
                                 std::to_string(std::max(1U, std::thread::hardware_concurrency()))});
  int status = run_program(context.loop, command, options);
  auto results = std::filesystem::exists(junit) ? parse_junit(read_text(junit)) : std::vector<TestResult>{};
  bool failed = std::ranges::contains(results, TestResult::Verdict::failed, &TestResult::verdict);
  if (status != 0 && !failed)
    tally.add_failure(prefix + "ctest", std::format("it ended with status {} and named no failed test", status));
  for (auto& result : results) {
    result.name = prefix + result.name;
    tally.results.push_back(std::move(result));
  }
}

/// The boards come first: tests that boot something find it built.
void run_boards(Context& context, const std::vector<std::string>& labels, ListOnly list, Tally& tally) {
  for (const auto& preset : read_presets(context.sdk)) {
    if (!build(context, preset.name, preset.build_directory, tally)) continue;
    if (wants(labels, "guest")) {
      if (list == ListOnly::yes) {
        for (const auto& name : list_guest_tests(context, preset)) print(name + "\n");
      } else {
        tally.results.append_range(run_guest_tests(context, preset));
      }
    }
    if (wants(labels, "guest") || wants(labels, "bench"))
      run_ctest(context, preset.build_directory, labels, preset.name + ": ", list, tally);
  }
}

void run_host(Context& context, const std::vector<std::string>& labels, ListOnly list, Tally& tally) {
  auto folder = context.sdk / "build/host";
  if (build(context, "host", folder, tally)) run_ctest(context, folder, labels, "", list, tally);
}

/// One line for every test that did not pass, then the line that says it all.
std::string summary_of(const Tally& tally) {
  using Verdict = TestResult::Verdict;
  std::string text = "\n";
  for (auto verdict : {Verdict::skipped, Verdict::failed}) {
    for (const auto& result : tally.results) {
      if (result.verdict != verdict) continue;
      text += std::format("{} {}{}{}\n", verdict == Verdict::failed ? "failed: " : "skipped:", result.name,
                          result.reason.empty() ? "" : ": ", result.reason);
    }
  }
  return text + std::format("{} passed, {} failed, {} skipped\n", tally.count(Verdict::passed),
                            tally.count(Verdict::failed), tally.count(Verdict::skipped));
}

}  // namespace

int test_command(Context& context, const TestOptions& options) {
  auto labels = chosen_labels(options);
  ensure_group(context, "test");
  if (wants(labels, "system") || wants(labels, "guest") || wants(labels, "e2e")) {
    ensure_group(context, "run");
    ensure_group(context, "debug");
    ensure_group(context, "image");
  }
  if (wants(labels, "editor") || wants(labels, "e2e")) ensure_group(context, "extension");
  Tally tally;
  auto list = options.list ? ListOnly::yes : ListOnly::no;
  if (boots(labels)) run_boards(context, labels, list, tally);
  if (std::ranges::any_of(labels, [](const auto& label) { return label != "guest"; }))
    run_host(context, labels, list, tally);
  if (options.list) return tally.results.empty() ? 0 : 1;
  print(summary_of(tally));
  return tally.count(TestResult::Verdict::failed) == 0 ? 0 : 1;
}

}  // namespace toro::cli
