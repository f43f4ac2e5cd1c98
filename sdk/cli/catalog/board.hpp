// A board as its board.json describes it: everything QEMU is told about it comes from there.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace toro::cli {

struct Board {
  std::string name;
  std::filesystem::path directory;
  std::string like;                  ///< the board of the SDK whose board.json counts where its own is silent; or empty
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
  /// QEMU arguments of one disk, whose image is the block node `${disk}`; empty: the board has no disks.
  std::vector<std::string> disk;
  /// What `${place}` is for the first disk, the second…; empty: disks need none, and there is no limit to them.
  std::vector<std::string> disk_places;
  /// QEMU arguments of one shared folder, `${share}`, whose server listens at `${run}/${share}.sock`; empty: the board
  /// has none.
  std::vector<std::string> share;
  /// QEMU arguments by channel: console, debug, qemu-stub, exit, monitor, and network (a device on QEMU's netdev
  /// `net0`) and vsock (one whose server listens at `${run}/vsock.sock`) where the board can have one. `${run}` stands
  /// for the run's folder.
  std::map<std::string, std::vector<std::string>> channels;
};

/// Reads a board from the text of its board.json; `file` is for error messages. Throws Failure.
Board parse_board(const std::string& name, const std::string& text, const std::string& file);

/// The board in a folder; `boards` is the SDK's folder of boards, for `like`. Throws Failure.
Board read_board(const std::filesystem::path& directory, const std::filesystem::path& boards);

/// All boards: the SDK's, and those in the folders that the environment's TORO_BOARDS lists, separated by colons. By
/// name.
std::vector<Board> read_boards(const std::filesystem::path& sdk);

/// The board that `name` is the name or an alias of. Throws Failure that lists what there is.
Board find_board(const std::vector<Board>& boards, const std::string& name);

/// The same, or the one in a folder: a word with a slash, or where there is a board.json.
Board find_board(const std::filesystem::path& sdk, const std::string& name);

/// True for a board that is a folder of the SDK.
bool is_of_sdk(const Board& board, const std::filesystem::path& sdk);

}  // namespace toro::cli
