// Board, image and options become QEMU's arguments.
#include "sdk/cli/guest/qemu_command.hpp"

#include <format>

#include "sdk/cli/guest/quote.hpp"

namespace toro::cli {
namespace {

constexpr std::string_view kPlaceholder = "${run}";

std::string with_run(std::string text, const std::string& run) {
  for (auto at = text.find(kPlaceholder); at != std::string::npos; at = text.find(kPlaceholder, at + run.size()))
    text.replace(at, kPlaceholder.size(), run);
  return text;
}

/// A word that keeps the shell's "$RUN" outside of its quotes.
std::string quote_with_variable(const std::string& word) {
  auto at = word.find(kPlaceholder);
  if (at == std::string::npos) return quote_for_shell(word);
  return quote_for_shell(word.substr(0, at)) + "\"$RUN\"" + quote_for_shell(word.substr(at + kPlaceholder.size()));
}

}  // namespace

std::vector<std::string> qemu_command(const Boot& boot, const std::string& run) {
  const Board& board = boot.board;
  const char* accelerator = boot.accelerator == Accelerator::kvm ? "kvm" : "tcg";
  std::vector<std::string> kernel_options;
  if (boot.wait == Wait::for_debugger && boot.stub == Stub::kernel) kernel_options.emplace_back("toro.wait");
  std::vector<std::string> command{board.emulator,
                                   "-M",
                                   board.machine,
                                   "-accel",
                                   accelerator,
                                   "-cpu",
                                   board.cpu.at(accelerator),
                                   "-m",
                                   std::to_string(boot.memory_mib),
                                   "-smp",
                                   std::to_string(boot.cores)};
  auto append = [&](const std::vector<std::string>& words) {
    for (const auto& word : words) command.push_back(with_run(word, run));
  };
  append(board.arguments);
  command.insert(command.end(), {"-kernel", boot.elf.string()});
  command.insert(command.end(), {"-append", guest_command_line(kernel_options, boot.arguments)});
  append(board.channels.at("console"));
  if (boot.stub == Stub::kernel) append(board.channels.at("debug"));
  if (boot.stub == Stub::qemu) append(board.channels.at("qemu-stub"));
  if (boot.stub == Stub::qemu && boot.wait == Wait::for_debugger) command.emplace_back("-S");
  append(board.channels.at("exit"));
  append(board.channels.at("monitor"));
  return command;
}

std::string printable_qemu_command(const Boot& boot) {
  std::string line = "RUN=$(mktemp -d) &&";
  for (const auto& word : qemu_command(boot, std::string(kPlaceholder))) line += ' ' + quote_with_variable(word);
  return line;
}

}  // namespace toro::cli
