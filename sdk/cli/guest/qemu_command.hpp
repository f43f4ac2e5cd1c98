// The QEMU command line of a run: the one place where it is put together.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/catalog/board.hpp"
#include "sdk/cli/guest/disk.hpp"
#include "sdk/cli/guest/forward.hpp"
#include "sdk/cli/guest/share.hpp"
#include "sdk/cli/guest/tap.hpp"
#include "sdk/cli/guest/vsock.hpp"

namespace toro::cli {

enum class Stub {
  none,    ///< no debugger port
  kernel,  ///< the stub that the kernel carries
  qemu,    ///< QEMU's own
};

enum class Wait {
  no,
  for_debugger,  ///< boot waits until a debugger connects
};

enum class Accelerator { tcg, kvm };

enum class Network {
  none,  ///< no device
  user,  ///< QEMU's own network, with the host behind it
  tap,   ///< an interface of the host
};

/// Whether image, heap and stacks lie elsewhere at each boot.
enum class Places { random, fixed };

enum class Recording {
  none,
  record,  ///< QEMU writes down what comes to the guest from outside
  replay,  ///< and lets it come to the guest again
};

struct Boot {
  Board board;
  std::filesystem::path elf;
  std::vector<std::string> arguments;  ///< of main
  std::vector<Disk> disks;
  std::vector<Share> shares;
  Vsock vsock;
  unsigned memory_mib = 64;
  unsigned cores = 1;
  Accelerator accelerator = Accelerator::tcg;
  Stub stub = Stub::none;
  Wait wait = Wait::no;
  Places places = Places::random;
  Network network = Network::none;
  std::vector<Forward> forwards;  ///< of the user network
  Tap tap;
  Recording recording = Recording::none;
  std::filesystem::path recording_file;  ///< beside it, with .qcow2 behind its name, the snapshot that it begins with
  std::filesystem::path dump;            ///< for the memory of a guest that panics; empty: none
  std::filesystem::path net_dump;        ///< a file for the frames; empty: none
};

/// Whether the board's network device can have several queues. It has one: a channel "network".
bool has_queues(const Board& board);

/// QEMU's arguments, the program first. `run` replaces `${run}`.
std::vector<std::string> qemu_command(const Boot& boot, const std::string& run);

/// The same for people and shells: one line that makes its own folder for the run.
std::string printable_qemu_command(const Boot& boot);

}  // namespace toro::cli
