// `toro test`: builds what is needed, has CTest run it, and sums up.
#include <algorithm>
#include <array>
#include <cctype>
#include <format>
#include <nlohmann/json.hpp>
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

struct Test {
  std::string name;
  std::string label;
};

/// A folder that has tests, once it is built.
struct Suite {
  std::filesystem::path folder;
  std::string cmake_preset;
  const Preset* board = nullptr;  ///< null: of the host
  std::string prefix = {};        ///< of the names of CTest's tests
  std::vector<std::string> chosen = {};
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
  if (!options.names.empty()) return kLabels;
  // Figures are for a quiet machine, not for every run.
  return {"style", "unit", "fuzz", "editor", "guest", "system", "e2e"};
}

bool boots(const std::vector<std::string>& labels) {
  return std::ranges::any_of(labels,
                             [](const auto& label) { return !wants({"style", "unit", "fuzz", "editor"}, label); });
}

std::vector<std::string> ctest_command(const Suite& suite, const std::vector<std::string>& labels) {
  return {"ctest",
          "--test-dir",
          suite.folder.string(),
          "--label-regex",
          std::format("^({})$", joined(labels, "|")),
          "--no-tests=ignore"};
}

/// What a configured suite has.
std::vector<Test> list_tests(Context& context, const Suite& suite, const std::vector<std::string>& labels) {
  std::vector<Test> tests;
  if (suite.board != nullptr && wants(labels, "guest"))
    for (const auto& name : list_guest_tests(context, *suite.board)) tests.push_back({name, "guest"});
  auto command = ctest_command(suite, labels);
  command.emplace_back("--show-only=json-v1");
  for (const auto& test : parse_json(capture_program(context.loop, command).output, "ctest").at("tests"))
    for (const auto& property : test.at("properties"))
      if (property.at("name") == "LABELS")
        tests.push_back({suite.prefix + test.at("name").get<std::string>(), property.at("value").at(0)});
  return tests;
}

/// For exactly those that are chosen, as CTest names them.
std::string expression_for(const Suite& suite) {
  std::string expression;
  for (const auto& name : suite.chosen) {
    expression += expression.empty() ? "^(" : "|";
    for (const char c : std::string_view(name).substr(name.starts_with(suite.prefix) ? suite.prefix.size() : 0))
      expression += std::isalnum(static_cast<unsigned char>(c)) != 0 ? "" : "\\", expression += c;
  }
  return expression + ")$";
}

/// CTest's tests, or those of them that are chosen.
void run_ctest(Context& context, const Suite& suite, const std::vector<std::string>& labels, Output output,
               Tally& tally) {
  RunDirectory results_folder;
  auto junit = results_folder.path() / "results.xml";
  auto command = ctest_command(suite, labels);
  command.insert(command.end(), {"--output-on-failure", "--output-junit", junit.string(), "--parallel",
                                 std::to_string(std::max(1U, std::thread::hardware_concurrency()))});
  if (!suite.chosen.empty()) command.insert(command.end(), {"--tests-regex", expression_for(suite)});
  ProcessOptions options;
  options.death_signal = SIGTERM;
  if (output == Output::json) options.output = STDERR_FILENO;
  int status = run_program(context.loop, command, options);
  auto results = std::filesystem::exists(junit) ? parse_junit(read_text(junit)) : std::vector<TestResult>{};
  bool failed = std::ranges::contains(results, TestResult::Verdict::failed, &TestResult::verdict);
  if (status != 0 && !failed)
    tally.add_failure(suite.prefix + "ctest", std::format("it ended with status {} and named no failed test", status));
  for (auto& result : results) {
    result.name = suite.prefix + result.name;
    tally.results.push_back(std::move(result));
  }
}

/// The boards come first: tests that boot something find it built.
std::vector<Suite> suites_of(const Context& context, const std::vector<Preset>& boards,
                             const std::vector<std::string>& labels) {
  std::vector<Suite> suites;
  if (boots(labels))
    for (const auto& preset : boards)
      suites.push_back({preset.build_directory, preset.name, &preset, preset.name + ": "});
  if (std::ranges::any_of(labels, [](const auto& label) { return label != "guest"; }))
    suites.push_back({context.sdk / "build/host", "host"});
  return suites;
}

enum class Wanted { configured, built };

void prepare(Context& context, const Suite& suite, Wanted wanted) {
  build_preset(context.loop, context.sdk, suite.cmake_preset, suite.folder,
               wanted == Wanted::built ? "all" : "build.ninja", Progress::when_long);
}

/// Where a test of that name can be: a board's begin with its prefix, all others are the host's, the last.
const Suite& suite_of(const std::string& name, const std::vector<Suite>& suites) {
  for (const auto& suite : suites)
    if (name.starts_with(suite.prefix)) return suite;
  return suites.back();
}

/// Leaves the suites that have tests of these names, and what those need; the labels of these tests.
std::vector<std::string> choose(Context& context, std::vector<Suite>& suites, const TestOptions& options) {
  std::vector<std::string> labels;
  auto unknown = options.names;
  for (auto& suite : suites) {
    if (std::ranges::none_of(options.names, [&](const auto& name) { return &suite_of(name, suites) == &suite; }))
      continue;
    prepare(context, suite, Wanted::configured);
    for (const auto& [name, label] : list_tests(context, suite, chosen_labels(options))) {
      if (!std::ranges::contains(options.names, name)) continue;
      suite.chosen.push_back(name);
      std::erase(unknown, name);
      if (!wants(labels, label)) labels.push_back(label);
    }
  }
  if (!unknown.empty())
    throw Failure(std::format("unknown test '{}': `toro test --list` names them", unknown.front()), kUsageError);
  std::erase_if(suites,
                [&](const Suite& suite) { return suite.chosen.empty() && (suite.board == nullptr || !boots(labels)); });
  return labels;
}

void run_suite(Context& context, const Suite& suite, const std::vector<std::string>& labels, const TestOptions& options,
               Tally& tally) {
  const Output output = options.json ? Output::json : Output::table;
  try {
    const bool only_reads =
        std::ranges::all_of(labels, [](const auto& label) { return wants({"style", "editor"}, label); });
    prepare(context, suite, only_reads && !suite.chosen.empty() ? Wanted::configured : Wanted::built);
    if (suite.chosen.empty() && !options.names.empty()) return;
    if (suite.board != nullptr && wants(labels, "guest"))
      tally.results.append_range(
          run_guest_tests(context, *suite.board, suite.chosen, output == Output::json ? stderr : stdout));
    if (suite.board == nullptr || wants(labels, "guest") || wants(labels, "bench"))
      run_ctest(context, suite, labels, output, tally);
  } catch (const Failure& failure) {
    std::fputs(std::format("toro: error: {}\n", failure.what()).c_str(), stderr);
    tally.add_failure("build of " + suite.cmake_preset, failure.what());
  }
}

int list_all(Context& context, const std::vector<Suite>& suites, const std::vector<std::string>& labels,
             Output output) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& suite : suites) {
    prepare(context, suite, Wanted::configured);
    for (const auto& [name, label] : list_tests(context, suite, labels)) {
      if (output == Output::table) print(std::format("{}\n", name));
      json.push_back({{"name", name}, {"label", label}});
    }
  }
  if (output == Output::json) print(json.dump() + "\n");
  return 0;
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

std::string json_of(const Tally& tally) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& [name, verdict, reason] : tally.results) {
    constexpr std::array kVerdicts{"passed", "failed", "skipped"};
    json.push_back({{"name", name}, {"verdict", kVerdicts[static_cast<std::size_t>(verdict)]}, {"reason", reason}});
  }
  return json.dump() + "\n";
}

}  // namespace

int test_command(Context& context, const TestOptions& options) {
  auto labels = chosen_labels(options);
  const Output output = options.json ? Output::json : Output::table;
  const auto boards = read_presets(context.sdk);
  auto suites = suites_of(context, boards, labels);
  if (options.list) return list_all(context, suites, labels, output);
  if (!options.names.empty()) labels = choose(context, suites, options);
  ensure_group(context, "test");
  if (wants(labels, "system") || wants(labels, "guest") || wants(labels, "e2e")) {
    ensure_group(context, "run");
    ensure_group(context, "debug");
    ensure_group(context, "image");
  }
  if (wants(labels, "editor") || wants(labels, "e2e")) ensure_group(context, "extension");
  Tally tally;
  for (const auto& suite : suites) run_suite(context, suite, labels, options, tally);
  print(options.json ? json_of(tally) : summary_of(tally));
  return tally.count(TestResult::Verdict::failed) == 0 ? 0 : 1;
}

}  // namespace toro::cli
