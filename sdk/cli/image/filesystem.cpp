// Filesystems that are made on the host.
#include "sdk/cli/image/filesystem.hpp"

#include <algorithm>
#include <cctype>
#include <format>
#include <set>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kMebibyte = std::uintmax_t{1} << 20;

/// Throws Failure where FAT cannot have what lies in `folder`.
void check_for_fat(const fs::path& folder) {
  constexpr std::uintmax_t kMostBytes = 0xffffffff;
  std::set<std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).string();
    std::string folded = name;
    std::ranges::transform(folded, folded.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!seen.insert(folded).second)
      throw Failure(
          std::format("'{}' differs from another name by the case of letters alone: FAT cannot have both", name));
    if (entry.is_regular_file() && entry.file_size() > kMostBytes)
      throw Failure(std::format("'{}' was expected to have 4 GiB - 1 byte at most: FAT has no larger files", name));
  }
}

std::vector<std::string> copy_command(const fs::path& image, const fs::path& folder) {
  // Recursively; what it would ask is an error.
  std::vector<std::string> command{"mcopy", "-s", "-D", "s", "-i", image};
  for (const auto& entry : fs::directory_iterator(folder)) command.push_back(entry.path());
  std::ranges::sort(command.begin() + 6, command.end());
  command.emplace_back("::");
  return command;
}

void run(EventLoop& loop, std::vector<std::string> command, const fs::path& image) {
  const std::string name = command.front();
  auto program = find_program(name);
  // Where the superuser's programs are, which others' PATH need not name.
  if (const auto own = fs::path("/usr/sbin") / name; !program && fs::exists(own)) program = own;
  if (!program)
    throw Failure(std::format("{} was expected and was not found: `toro setup --for run` installs it", name));
  command.front() = *program;
  command.insert(command.begin(), {"env", "LC_ALL=C.UTF-8"});  // in which mtools reads names
  const auto answer = capture_program(loop, command, std::chrono::minutes(5));
  if (answer.status != 0) throw Failure(std::format("{} could not make {}: {}", name, image.string(), answer.output));
}

}  // namespace

std::vector<std::vector<std::string>> filesystem_commands(const std::string& kind, const fs::path& image,
                                                          const fs::path& folder) {
  if (kind == "ext2") {
    std::vector<std::string> command{"mke2fs", "-q", "-F", "-t", kind, "-m", "0"};
    if (!folder.empty()) command.insert(command.end(), {"-d", folder});
    command.push_back(image);
    return {command};
  }
  std::vector<std::string> format{"mformat", "-i", image, "::"};
  if (kind == "fat32") format.insert(format.begin() + 1, "-F");
  if (folder.empty() || fs::is_empty(folder)) return {format};
  return {format, copy_command(image, folder)};
}

void make_filesystem(EventLoop& loop, const std::string& kind, const fs::path& image, const fs::path& folder) {
  if (kind != "ext2" && !folder.empty()) check_for_fat(folder);
  for (const auto& command : filesystem_commands(kind, image, folder)) run(loop, command, image);
}

std::uintmax_t least_disk_bytes(const std::string& kind) {
  return kind == "fat32" ? 35 * kMebibyte : kMebibyte;  // FAT32 has 65,525 clusters at least
}

std::uintmax_t disk_bytes_for(const std::string& kind, const fs::path& folder) {
  constexpr std::uintmax_t kBlock = 4096;
  constexpr std::uintmax_t kInode = 256;
  std::uintmax_t bytes = std::max(8 * kMebibyte, least_disk_bytes(kind));
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    bytes += kBlock + kInode;
    if (entry.is_regular_file() && !entry.is_symlink()) bytes += entry.file_size();
  }
  return (bytes + bytes / 2 + kMebibyte - 1) / kMebibyte * kMebibyte;
}

}  // namespace toro::cli
