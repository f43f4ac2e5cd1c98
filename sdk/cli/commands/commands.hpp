// The commands, one function each: what the command line asked for goes in, the exit status comes out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sdk/cli/catalog/target.hpp"
#include "sdk/cli/commands/context.hpp"

namespace toro::cli {

enum class Output { table, json };

/// Options that `run` and `debug` share.
struct BootOptions {
  TargetOptions target;
  std::string memory;                 ///< empty: the board's default
  unsigned cores = 0;                 ///< 0: the board's default
  std::vector<std::string> disks;     ///< --disk
  std::vector<std::string> shares;    ///< --share
  std::string accelerator = "auto";   ///< auto, kvm, tcg
  std::string stub = "kernel";        ///< kernel, qemu
  std::string aslr;                   ///< on, off; empty: by the configuration
  std::optional<std::uint16_t> port;  ///< --listen
  double timeout = 0;                 ///< seconds; 0: none
  std::string protocol_log;
  std::vector<std::string> arguments;  ///< after `--`
  bool arguments_given = false;
  std::string network;                ///< user, tap:…, none; empty: the sample's
  std::string net_dump;               ///< a file for the frames
  std::vector<std::string> forwards;  ///< each as parse_forward() has it
  std::vector<std::string> vsock;     ///< each as parse_vsock_target() has it
  std::string dump;                   ///< run: for the memory of a guest that panics; debug: what to look into
  bool wait = false;
  bool print_command = false;
  bool json = false;
};

/// As DebugOptions::debugger: the user brings one.
inline constexpr std::string_view kNoDebugger = "none";

struct DebugOptions {
  BootOptions boot;
  std::string debugger = "gdb";
  std::string batch;    ///< a script of the debugger's commands
  std::string console;  ///< a file for the guest's console
  std::string record;   ///< a file for what comes to the guest from outside
  std::string replay;   ///< such a file
};

struct NewOptions {
  std::string folder;  ///< its name becomes the application's
  std::string sample = "hello";
  bool json = false;
};

struct TestOptions {
  std::vector<std::string> names;  ///< only these; empty: all
  std::vector<std::string> labels;
  bool list = false;
  bool json = false;
};

struct BenchOptions {
  std::vector<std::string> names;
  std::string json;     ///< a file for the report
  std::string compare;  ///< a report of an earlier run
  std::string plot;     ///< a folder for plots
  bool list = false;
  bool only_counts = false;
};

struct ImageOptions {
  TargetOptions target{.default_board = "kvm-pc", .default_config = "release"};
  std::string format;
  std::string output;                  ///< empty: NAME.FORMAT in the current folder
  std::vector<std::string> arguments;  ///< after `--`
  bool arguments_given = false;
  bool json = false;
};

struct MakeDiskOptions {
  std::string folder;
  std::string filesystem = "ext2";
  std::string size;    ///< empty: with room for half as much again as there is
  std::string output;  ///< empty: FOLDER.img in the current folder
};

int setup_command(Context& context, const std::vector<std::string>& groups);
int doctor_command(Context& context, Output output);
int boards_command(Context& context, Output output);
int samples_command(Context& context, Output output);
int new_command(Context& context, const NewOptions& options);
int build_command(Context& context, const TargetOptions& target, Output output);
int run_command(Context& context, const BootOptions& options);
int debug_command(Context& context, const DebugOptions& options);
int test_command(Context& context, const TestOptions& options);
int bench_command(Context& context, const BenchOptions& options);
int size_command(Context& context, const TargetOptions& target, Output output);
int image_command(Context& context, const ImageOptions& options);
int make_disk_command(Context& context, const MakeDiskOptions& options);

}  // namespace toro::cli
