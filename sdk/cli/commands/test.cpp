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
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/run_directory.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

const std::vector<std::string> kLabels{"unit", "fuzz", "guest", "system", "e2e", "bench"};

/// One build folder and the labels that are run from it.
struct Suite {
  std::string preset;
  std::filesystem::path build_directory;
  std::vector<std::string> labels;
};

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
  return {"unit", "fuzz", "guest", "system", "e2e"};
}

std::vector<Suite> suites_for(const std::filesystem::path& sdk, const std::vector<std::string>& labels) {
  Suite host{"host", sdk / "build/host", {}};
  for (const auto& label : labels)
    if (label != "guest") host.labels.push_back(label);
  std::vector<Suite> suites;
  // The boards first: tests that boot something find it built.
  if (std::ranges::any_of(labels, [](const auto& label) { return label != "unit" && label != "fuzz"; })) {
    for (const auto& preset : read_presets(sdk))
      suites.push_back({preset.name, preset.build_directory,
                        wants(labels, "guest") ? std::vector<std::string>{"guest"} : std::vector<std::string>{}});
  }
  if (!host.labels.empty()) suites.push_back(std::move(host));
  return suites;
}

std::vector<std::string> ctest_command(const Suite& suite) {
  return {"ctest",
          "--test-dir",
          suite.build_directory.string(),
          "--label-regex",
          std::format("^({})$", joined(suite.labels, "|")),
          "--no-tests=ignore"};
}

void run_suite(Context& context, const Suite& suite, Tally& tally) {
  RunDirectory folder;
  auto junit = folder.path() / "results.xml";
  auto command = ctest_command(suite);
  command.insert(command.end(), {"--output-on-failure", "--output-junit", junit.string(), "--parallel",
                                 std::to_string(std::max(1U, std::thread::hardware_concurrency()))});
  ProcessOptions options;
  options.death_signal = SIGTERM;
  options.environment["TORO_SDK"] = context.sdk.string();
  int status = run_program(context.loop, command, options);
  auto results = std::filesystem::exists(junit) ? parse_junit(read_text(junit)) : std::vector<TestResult>{};
  bool failed = std::ranges::any_of(results, [](const auto& r) { return r.verdict == TestResult::Verdict::failed; });
  if (status != 0 && !failed)
    tally.add_failure(suite.preset, std::format("ctest ended with status {} and named no failed test", status));
  for (auto& result : results) {
    if (suite.preset != "host") result.name = suite.preset + ": " + result.name;
    tally.results.push_back(std::move(result));
  }
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
  }
  if (wants(labels, "e2e")) ensure_group(context, "extension");
  Tally tally;
  for (const auto& suite : suites_for(context.sdk, labels)) {
    try {
      build_preset(context.loop, context.sdk, suite.preset, suite.build_directory, "all", Progress::when_long);
    } catch (const Failure& failure) {
      std::fputs(std::format("toro: error: {}\n", failure.what()).c_str(), stderr);
      tally.add_failure("build of " + suite.preset, failure.what());
      continue;
    }
    if (suite.labels.empty()) continue;
    if (options.list) {
      auto command = ctest_command(suite);
      command.emplace_back("--show-only");
      run_program(context.loop, command, {});
    } else {
      run_suite(context, suite, tally);
    }
  }
  if (options.list) return tally.results.empty() ? 0 : 1;
  print(summary_of(tally));
  return tally.count(TestResult::Verdict::failed) == 0 ? 0 : 1;
}

}  // namespace toro::cli
