// Board, image and options become QEMU's arguments.
#include "sdk/cli/guest/qemu_command.hpp"

#include <algorithm>
#include <format>

#include "sdk/cli/guest/asynchronous_io.hpp"
#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/image/filesystem.hpp"

namespace toro::cli {
namespace {

constexpr std::string_view kPlaceholder = "${run}";

constexpr std::string_view kDisk = "${disk}", kPlace = "${place}", kShare = "${share}", kQueues = "${queues}";

std::string with(std::string text, std::string_view placeholder, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
  return text;
}

/// QEMU 7.2 loses the numbers of a processor's random instructions from a recording when it goes back.
std::string cpu_of(const Boot& boot, const char* accelerator) {
  const auto cpu = boot.board.cpu.at(accelerator);
  return boot.recording == Recording::none ? cpu : cpu + ",-rdrand,-rdseed";
}

/// [QEMU docs/system/replay]
std::vector<std::string> recording_words(const Boot& boot) {
  const auto file = quote_for_qemu(boot.recording_file.string());
  return {"-icount",
          std::format("shift=7,rr={},rrfile={},rrsnapshot=start",
                      boot.recording == Recording::record ? "record" : "replay", file),
          "-drive", std::format("file={}.qcow2,if=none,id=recording", file)};
}

/// A word that keeps the shell's "$RUN" outside of its quotes.
std::string quote_with_variable(const std::string& word) {
  auto at = word.find(kPlaceholder);
  if (at == std::string::npos) return quote_for_shell(word);
  return quote_for_shell(word.substr(0, at)) + "\"$RUN\"" + quote_for_shell(word.substr(at + kPlaceholder.size()));
}

}  // namespace

bool has_queues(const Board& board) {
  return std::ranges::any_of(board.channels.at("network"),
                             [](const std::string& word) { return word.contains(kQueues); });
}

std::vector<std::string> qemu_command(const Boot& boot, const std::string& run) {
  const Board& board = boot.board;
  const char* accelerator = boot.accelerator == Accelerator::kvm ? "kvm" : "tcg";
  std::vector<std::string> kernel_options;
  if (boot.wait == Wait::for_debugger && boot.stub == Stub::kernel) kernel_options.emplace_back("toro.wait");
  // QEMU's stub cannot tell a debugger where the image went.
  if (boot.places == Places::fixed || boot.stub == Stub::qemu) kernel_options.emplace_back("toro.aslr=off");
  for (const Disk& disk : boot.disks)
    if (disk.mount) kernel_options.push_back(mount_option(*disk.mount));
  for (const Share& share : boot.shares)
    if (share.mount) kernel_options.push_back(mount_option(*share.mount));
  if (!boot.tap.configuration.empty()) kernel_options.push_back("toro.net0=" + boot.tap.configuration);
  const bool shares_memory = !boot.shares.empty() || boot.vsock.is_wanted();
  std::vector<std::string> command{board.emulator,
                                   "-M",
                                   shares_memory ? board.machine + ",memory-backend=ram" : board.machine,
                                   "-accel",
                                   accelerator,
                                   "-cpu",
                                   cpu_of(boot, accelerator),
                                   "-m",
                                   std::to_string(boot.memory_mib),
                                   "-smp",
                                   std::to_string(boot.cores)};
  auto append = [&](const std::vector<std::string>& words) {
    for (const auto& word : words) command.push_back(with(word, kPlaceholder, run));
  };
  const auto aio = boot.disks.empty() ? "" : choose_asynchronous_io(board.emulator);
  auto append_disk = [&](std::size_t number) {
    const auto node = std::format("disk{}", number);
    append({"-blockdev", blockdev(boot.disks[number], node, aio)});
    for (const auto& word : board.disk) {
      const auto place = number < board.disk_places.size() ? board.disk_places[number] : "";
      command.push_back(with(with(word, kDisk, node), kPlace, place));
    }
  };
  append(board.arguments);
  // Servers of devices see the guest's memory.
  if (shares_memory) append({"-object", std::format("memory-backend-memfd,id=ram,share=on,size={}M", boot.memory_mib)});
  command.insert(command.end(), {"-kernel", boot.elf.string()});
  command.insert(command.end(), {"-append", guest_command_line(kernel_options, boot.arguments)});
  // QEMU 7.2 does not come to the end of a recording with a virtio console in it.
  append(board.channels.at(boot.recording == Recording::none ? "console" : "recorded-console"));
  if (boot.recording != Recording::none) append(recording_words(boot));
  for (std::size_t i = 0; i < boot.disks.size(); ++i) append_disk(i);
  for (const Share& share : boot.shares)
    for (const auto& word : board.share) append({with(word, kShare, share.tag)});
  if (boot.vsock.is_wanted()) append(board.channels.at("vsock"));
  if (boot.stub == Stub::kernel) append(board.channels.at("debug"));
  if (boot.stub == Stub::qemu) append(board.channels.at("qemu-stub"));
  if (boot.stub == Stub::qemu && boot.wait == Wait::for_debugger) command.emplace_back("-S");
  if (boot.network != Network::none) {
    std::string network = boot.network == Network::tap ? netdev(boot.tap) : "user,id=net0";
    for (const Forward& forward : boot.forwards) network += hostfwd(forward);
    append({"-netdev", network});
    for (const auto& word : board.channels.at("network"))
      append({with(word, kQueues, boot.tap.queues > 1 ? ",mq=on" : "")});
    if (!boot.net_dump.empty())
      append(
          {"-object", std::format("filter-dump,id=dump0,netdev=net0,file={}", quote_for_qemu(boot.net_dump.string()))});
  }
  if (!boot.dump.empty()) append(board.channels.at("panic"));
  append(board.channels.at("exit"));
  append(board.channels.at("monitor"));
  return command;
}

std::string printable_qemu_command(const Boot& boot) {
  std::string line = "RUN=$(mktemp -d) &&";
  for (const auto& disk : boot.disks) {
    if (disk.new_bytes == 0) continue;
    line += std::format(" truncate -s {} {} &&", disk.new_bytes, quote_with_variable(disk.image));
    if (!disk.mount) continue;
    for (const auto& command : filesystem_commands(disk.mount->kind, disk.image, {})) {
      for (const auto& word : command) line += ' ' + quote_with_variable(word);
      line += " &&";
    }
  }
  const std::string in(kPlaceholder);
  const auto start = [&](const std::vector<std::string>& command, const std::string& socket) {
    line += " {";
    for (const auto& word : command) line += ' ' + quote_with_variable(word);
    line += std::format(" & }} && until [ -S {} ]; do sleep 0.1; done &&", quote_with_variable(socket));
  };
  for (const auto& share : boot.shares) {
    line += std::format(" ln -s {} {} &&", quote_for_shell(share.folder.string()),
                        quote_with_variable(share.folder_link(in)));
    start(server_command(share, in, "--socket-path=" + share.socket(in)), share.socket(in));
  }
  if (boot.vsock.is_wanted())
    start(bridge_command(boot.vsock, {"--socket-path", Vsock::socket(in)}), Vsock::socket(in));
  for (const auto& word : qemu_command(boot, std::string(kPlaceholder))) line += ' ' + quote_with_variable(word);
  return line;
}

}  // namespace toro::cli
