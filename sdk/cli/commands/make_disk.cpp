// `toro image make-disk`: a disk image with a filesystem that has what lies in a folder.
#include <algorithm>
#include <array>
#include <format>
#include <string_view>

#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/memory_size.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/partial_file.hpp"
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
  const auto size = size_of(options);
  PartialFile partial(output);
  std::error_code error;
  fs::resize_file(partial.path(), size, error);
  if (error) throw Failure(std::format("{} was expected to be writable: {}", output.string(), error.message()));
  make_filesystem(context.loop, options.filesystem, partial.path(), folder);
  partial.complete();
  print(output.string() + "\n");
  return 0;
}

}  // namespace toro::cli
