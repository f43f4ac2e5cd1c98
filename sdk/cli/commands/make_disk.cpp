// `toro image make-disk`: a disk image with a filesystem that has what lies in a folder.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <string_view>

#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/memory_size.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"
#include "sdk/cli/image/filesystem.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kFilesystems{"ext2", "fat32"};

std::uintmax_t size_of(const MakeDiskOptions& options) {
  if (options.size.empty()) return disk_bytes_for(options.filesystem, options.folder);
  const auto mebibytes = parse_memory_mib(options.size);
  if (!mebibytes)
    throw Failure(std::format("--size was expected to be a size such as 64M or 1G: '{}' was found", options.size),
                  kUsageError);
  const auto size = std::uintmax_t{*mebibytes} << 20;
  if (const auto least = least_disk_bytes(options.filesystem); size < least)
    throw Failure(std::format("--size was expected to be {}M at least for {}: '{}' was found", least >> 20,
                              options.filesystem, options.size),
                  kUsageError);
  return size;
}

}  // namespace

int make_disk_command(Context& context, const MakeDiskOptions& options) {
  if (std::ranges::find(kFilesystems, options.filesystem) == kFilesystems.end())
    throw Failure(std::format("--fs was expected to be ext2 or fat32: '{}' was found", options.filesystem),
                  kUsageError);
  if (!fs::is_directory(options.folder))
    throw Failure(std::format("a folder was expected: '{}' is none", options.folder), kUsageError);
  auto folder = fs::canonical(options.folder);
  const auto output = fs::absolute(options.output.empty() ? folder.filename().string() + ".img" : options.output);
  if (fs::is_directory(output))
    throw Failure(std::format("{} was expected to be a file: it is a folder", output.string()));
  const auto size = size_of(options);
  const auto partial = fs::path(output.string() + ".part");
  try {
    const FileDescriptor file(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file || ftruncate(file.get(), static_cast<off_t>(size)) != 0)
      throw Failure(std::format("{} was expected to be writable: {}", output.string(), std::strerror(errno)));
    make_filesystem(context.loop, options.filesystem, partial, folder);
    fs::rename(partial, output);
  } catch (...) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw;
  }
  print(output.string() + "\n");
  return 0;
}

}  // namespace toro::cli
