// A board as its board.json describes it: everything QEMU is told about it comes from there.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace toro::cli {

struct Board {
  std::string name;
  std::vector<std::string> aliases;  ///< other names, such as one that also says the device set
  std::string title;
  std::string description;
  std::string emulator;                    ///< the QEMU program
  std::string machine;                     ///< value of -M
  std::map<std::string, std::string> cpu;  ///< value of -cpu by accelerator: "tcg", "kvm"
  unsigned default_memory_mib = 64;
  unsigned minimum_memory_mib = 1;
  unsigned default_cores = 1;
  unsigned maximum_cores = 1;
  std::vector<std::string> arguments;
  /// QEMU arguments by channel: console, debug, qemu-stub, exit, monitor. `${run}` stands for the run's folder.
  std::map<std::string, std::vector<std::string>> channels;
};

/// Reads a board from the text of its board.json; `file` is for error messages. Throws Failure.
Board parse_board(const std::string& name, const std::string& text, const std::string& file);

/// All boards below `boards`, by name.
std::vector<Board> read_boards(const std::filesystem::path& boards);

/// The board that `name` is the name or an alias of. Throws Failure that lists what there is.
Board find_board(const std::vector<Board>& boards, const std::string& name);

}  // namespace toro::cli
