// Finds, recognises and names disk images.
#include "sdk/cli/guest/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/guest/memory_size.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRun = "${run}";
constexpr std::string_view kFolder = "vvfat";

/// Bytes of an image that QEMU locks to say what it does with it, and what nobody else may do. [QEMU
/// block/file-posix.c, RAW_LOCK_PERM_BASE, RAW_LOCK_SHARED_BASE]
constexpr off_t kWrites = 100 + 1;
constexpr off_t kForbidsWrites = 200 + 1;

bool is_locked(int file, off_t byte) {
  struct flock lock{.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1, .l_pid = 0};
  return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void require_free(int file, const Disk& disk) {
  // A file that is not open for writing cannot be asked by a lock for writing: this only asks.
  if (!is_locked(file, kWrites) && (disk.read_only || !is_locked(file, kForbidsWrites))) return;
  throw Failure(
      std::format("--disk: an image that nobody uses was expected: '{}' is in use by another QEMU", disk.image),
      kUsageError);
}

FileDescriptor open_image(const std::string& name, const Disk& disk) {
  struct stat status{};
  if (stat(name.c_str(), &status) != 0)
    throw Failure(std::format("--disk: an image file was expected: '{}' {}", name,
                              errno == ENOENT ? "is not there; `truncate -s 64M FILE` makes an empty one"
                                              : std::format("cannot be looked at: {}", std::strerror(errno))),
                  kUsageError);
  if (S_ISDIR(status.st_mode))
    throw Failure(std::format("--disk: an image file was expected: '{}' is a directory; {}:fat makes a FAT disk of it",
                              name, name),
                  kUsageError);
  FileDescriptor file(open(name.c_str(), (disk.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC));
  if (!file)
    throw Failure(
        std::format("--disk: an image that can be {} was expected: '{}': {}{}", disk.read_only ? "read" : "written",
                    name, std::strerror(errno), disk.read_only ? "" : "; IMG:ro attaches it read-only"),
        kUsageError);
  return file;
}

std::string read_head(int file) {
  std::array<char, 512> head{};
  const auto count = pread(file, head.data(), head.size(), 0);
  return {head.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace

std::string_view recognise_image(std::string_view head) {
  using namespace std::string_view_literals;
  struct Known {
    std::size_t offset;
    std::string_view magic;
    std::string_view name;
  };
  constexpr std::array kKnown{
      Known{0, "QFI\xfb\0\0\0\x02"sv, "qcow2"},
      Known{0, "QFI\xfb\0\0\0\x03"sv, "qcow2"},
      Known{0, "QFI\xfb"sv, "qcow"},
      Known{0, "KDMV"sv, "VMDK"},
      Known{0, "COWD"sv, "VMDK"},
      Known{0, "# Disk DescriptorFile"sv, "VMDK"},
      Known{0, "vhdxfile"sv, "VHDX"},
      Known{0, "conectix"sv, "VHD"},
      Known{0x40, "\x7f\x10\xda\xbe"sv, "VDI"},
      Known{0, "QED\0"sv, "QED"},
      Known{0, "WithoutFreeSpace"sv, "Parallels"},
      Known{0, "WithouFreSpacExt"sv, "Parallels"},
  };
  for (const Known& known : kKnown)
    if (head.size() >= known.offset && head.substr(known.offset).starts_with(known.magic)) return known.name;
  return "raw";
}

Disk find_disk(const std::string& text, unsigned number) {
  Disk disk;
  std::string name = text;
  auto suffix = take_mount_suffix(name);
  disk.read_only = suffix.read_only;
  if (suffix.kind == "fat" && fs::is_directory(name)) {
    disk.image = fs::canonical(name);
    disk.format = kFolder;
    disk.read_only = true;
    suffix.partition = "p1";
  }
  if (suffix.kind || suffix.place || !suffix.partition.empty())
    disk.mount = MountWish{.kind = suffix.kind.value_or(""),
                           .source = std::format("disk{}{}", number, suffix.partition),
                           .place = suffix.place.value_or(std::format("/disk{}", number))};
  if (disk.format == kFolder) return disk;
  if (const auto mebibytes = parse_memory_mib(name)) {
    disk.image = std::format("{}/disk{}.img", kRun, number);
    disk.new_bytes = std::uint64_t{*mebibytes} << 20;
    if (disk.mount && disk.mount->kind.empty()) disk.mount->kind = "ext2";
    return disk;
  }
  const auto file = open_image(name, disk);
  disk.image = fs::absolute(name);
  disk.format = recognise_image(read_head(file.get()));
  if (disk.format != "raw" && disk.format != "qcow2")
    throw Failure(
        std::format("--disk: a raw or qcow2 image was expected: '{}' is {}; `qemu-img convert -O qcow2` makes "
                    "one of it",
                    name, disk.format),
        kUsageError);
  const auto size = lseek(file.get(), 0, SEEK_END);
  if (size <= 0 || (disk.format == "raw" && size % 512 != 0))
    throw Failure(
        std::format("--disk: an image of whole sectors of 512 bytes was expected: '{}' has {} bytes", name, size),
        kUsageError);
  require_free(file.get(), disk);
  return disk;
}

void require_other_images(const Disk& disk, const std::vector<Disk>& others) {
  for (const Disk& other : others) {
    std::error_code absent;  // one that is made when the guest starts, and so nobody else's
    if ((disk.read_only && other.read_only) || !fs::equivalent(disk.image, other.image, absent)) continue;
    throw Failure(std::format("--disk: '{}' was expected once, or each time as IMG:ro: two disks would write over each "
                              "other in it",
                              disk.image),
                  kUsageError);
  }
}

std::string blockdev(const Disk& disk, const std::string& node, std::string_view aio) {
  if (disk.format == kFolder)
    return nlohmann::json{{"driver", kFolder}, {"node-name", node}, {"read-only", true}, {"dir", disk.image}}.dump();
  return nlohmann::json{{"driver", disk.format},
                        {"node-name", node},
                        {"read-only", disk.read_only},
                        {"discard", "unmap"},
                        {"file", {{"driver", "file"}, {"filename", disk.image}, {"aio", aio}}}}
      .dump();
}

std::string image_in(const Disk& disk, const std::string& run) {
  auto name = disk.image;
  if (const auto at = name.find(kRun); at != std::string::npos) name.replace(at, kRun.size(), run);
  return name;
}

void make_disk(const Disk& disk, const std::string& run) {
  if (disk.new_bytes == 0) return;
  const auto name = image_in(disk, run);
  FileDescriptor file(open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ftruncate(file.get(), static_cast<off_t>(disk.new_bytes)) != 0)
    throw Failure(std::format("--disk: a new disk of {} MiB was expected to be made in {}: {}", disk.new_bytes >> 20,
                              run, std::strerror(errno)));
}

}  // namespace toro::cli
