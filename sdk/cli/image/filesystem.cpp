// Filesystems that are made on the host.
#include "sdk/cli/image/filesystem.hpp"

#include <format>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {

namespace fs = std::filesystem;

std::vector<std::string> filesystem_command(const std::string& kind, const fs::path& image, const fs::path& folder) {
  std::vector<std::string> command{"mke2fs", "-q", "-F", "-t", kind, "-m", "0"};
  if (!folder.empty()) command.insert(command.end(), {"-d", folder});
  command.push_back(image);
  return command;
}

void make_filesystem(EventLoop& loop, const std::string& kind, const fs::path& image, const fs::path& folder) {
  auto command = filesystem_command(kind, image, folder);
  auto program = find_program(command.front());
  // Where the superuser's programs are, which others' PATH need not name.
  if (const auto own = fs::path("/usr/sbin") / command.front(); !program && fs::exists(own)) program = own;
  if (!program)
    throw Failure(
        std::format("{} was expected and was not found: `toro setup --for run` installs it", command.front()));
  command.front() = *program;
  const auto answer = capture_program(loop, command, std::chrono::minutes(5));
  if (answer.status != 0)
    throw Failure(std::format("{} could not make {}: {}", command.front(), image.string(), answer.output));
}

std::uintmax_t disk_bytes_for(const fs::path& folder) {
  constexpr std::uintmax_t kBlock = 4096;
  constexpr std::uintmax_t kInode = 256;
  constexpr std::uintmax_t kLeast = std::uintmax_t{8} << 20;
  std::uintmax_t bytes = kLeast;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    bytes += kBlock + kInode;
    if (entry.is_regular_file() && !entry.is_symlink()) bytes += entry.file_size();
  }
  constexpr std::uintmax_t kMebibyte = std::uintmax_t{1} << 20;
  return (bytes + bytes / 2 + kMebibyte - 1) / kMebibyte * kMebibyte;
}

}  // namespace toro::cli
