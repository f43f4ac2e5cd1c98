// Boots every guest test and every sample of a preset, each by a `toro run` of its own.
#include "sdk/cli/commands/guest_tests.hpp"

#include <algorithm>
#include <format>

#include "sdk/cli/catalog/board.hpp"
#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/catalog/sample.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

constexpr const char* kSecondsPerGuest = "300";
constexpr std::string_view kTestPrefix = "guest-";

struct GuestTest {
  std::string name;
  std::filesystem::path elf;
  std::vector<std::string> arguments;
  std::vector<std::string> expect;
  std::string network = "none";
  std::vector<std::string> disks = {};
  unsigned cores = 1;
  int status = 0;
};

/// Guest tests run with each of these numbers of cores, as far as the board has them.
constexpr unsigned kCores[] = {1, 2, 8};

std::vector<GuestTest> collect(const Context& context, const Preset& preset) {
  const Board board = find_board(read_boards(context.sdk), preset.board);
  std::vector<GuestTest> tests;
  auto samples = read_samples(context.sdk / "samples");
  for (const auto& application : list_applications(preset.build_directory, preset.config)) {
    auto sample = std::ranges::find(samples, application.name, &Sample::name);
    if (application.name.starts_with(kTestPrefix)) {
      for (unsigned cores : kCores)
        if (cores <= board.maximum_cores)
          tests.push_back({.name = std::format("{}, cores: {}", application.name, cores),
                           .elf = application.elf,
                           .arguments = {},
                           .expect = {},
                           .cores = cores});
    } else if (sample != samples.end() && std::ranges::contains(sample->boards, preset.board)) {
      tests.push_back({.name = "sample " + sample->name,
                       .elf = application.elf,
                       .arguments = sample->arguments,
                       .expect = sample->expect,
                       .network = sample->network,
                       .disks = sample->disks,
                       .cores = sample->cores != 0 ? sample->cores : board.default_cores,
                       .status = sample->exit_status});
    }
  }
  return tests;
}

std::string name_of(const Preset& preset, const GuestTest& test) {
  return std::format("{}: {}", preset.name, test.name);
}

TestResult run_one(Context& context, const Preset& preset, const GuestTest& test, std::FILE* out) {
  std::vector<std::string> command{"/proc/self/exe", "run",        test.elf.string(),
                                   "--board",        preset.board, "--config",
                                   preset.config,    "--cores",    std::to_string(test.cores),
                                   "--net",          test.network, "--timeout",
                                   kSecondsPerGuest, "--aslr",     "on"};
  for (const auto& disk : test.disks) command.insert(command.end(), {"--disk", disk});
  command.emplace_back("--");
  command.insert(command.end(), test.arguments.begin(), test.arguments.end());
  auto run = capture_program(context.loop, command, std::chrono::minutes(10));
  std::string wrong;
  if (run.status != test.status) {
    wrong = std::format("status {} was expected, {} was found", test.status, run.status);
  } else if (auto line = missing_line(run.output, test.expect); !line.empty()) {
    wrong = std::format("the console was expected to say: {}", line);
  }
  auto name = name_of(preset, test);
  std::fputs(std::format("{}{}: {}\n", wrong.empty() ? "" : run.output + "\n", name,
                         wrong.empty() ? "passed" : "FAILED: " + wrong)
                 .c_str(),
             out);
  std::fflush(out);
  return {name, wrong.empty() ? TestResult::Verdict::passed : TestResult::Verdict::failed, wrong};
}

}  // namespace

std::string missing_line(const std::string& console, const std::vector<std::string>& lines) {
  std::size_t at = 0;
  for (const auto& line : lines) {
    at = console.find(line, at);
    if (at == std::string::npos) return line;
    at += line.size();
  }
  return "";
}

std::vector<std::string> list_guest_tests(const Context& context, const Preset& preset) {
  std::vector<std::string> names;
  for (const auto& test : collect(context, preset)) names.push_back(name_of(preset, test));
  return names;
}

std::vector<TestResult> run_guest_tests(Context& context, const Preset& preset, const std::vector<std::string>& names,
                                        std::FILE* out) {
  std::vector<TestResult> results;
  for (const auto& test : collect(context, preset))
    if (names.empty() || std::ranges::contains(names, name_of(preset, test)))
      results.push_back(run_one(context, preset, test, out));
  return results;
}

}  // namespace toro::cli
