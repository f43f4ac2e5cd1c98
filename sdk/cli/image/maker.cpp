// Runs GRUB's tools, mtools, xorriso (by grub-mkrescue) and qemu-img. Each image holds the kernel and its command line
// as files; the command line is a module that the kernel knows by its name (kernel/firmware/multiboot2.hpp), since GRUB
// would change quotes in an argument of its own.
#include "sdk/cli/image/maker.hpp"

#include <array>
#include <cstring>
#include <format>
#include <fstream>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/host/process.hpp"
#include "sdk/cli/image/disk.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kLimit{2};
constexpr const char* kBiosLoader = "/usr/lib/grub/i386-pc/boot.img";

void write_at(std::fstream& file, std::size_t offset, std::string_view bytes) {
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string_view bytes_of(const BootRecord& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

}  // namespace

bool has_multiboot2_header(const fs::path& elf) {
  constexpr std::size_t kSearched = 32768;
  constexpr std::size_t kAlignment = 8;
  constexpr std::uint32_t kMagic = 0xe85250d6;
  std::vector<char> start(kSearched);
  std::ifstream stream(elf, std::ios::binary);
  stream.read(start.data(), kSearched);
  const auto length = static_cast<std::size_t>(stream.gcount());
  for (std::size_t at = 0; at + 4 * sizeof(std::uint32_t) <= length; at += kAlignment) {
    std::array<std::uint32_t, 4> header;  // magic, architecture, length, and what makes the sum zero
    std::memcpy(header.data(), start.data() + at, sizeof header);
    if (header[0] == kMagic && header[0] + header[1] + header[2] + header[3] == 0) return true;
  }
  return false;
}

void ImageMaker::make(ImageFormat format, const fs::path& output) {
  auto convert = [&](const char* name) {
    make_disk(work_ / "disk.raw");
    run({"qemu-img", "convert", "-f", "raw", "-O", name, "disk.raw", output.string()});
  };
  switch (format) {
    case ImageFormat::elf:
      fs::copy_file(work_ / "toro.elf", output, fs::copy_options::overwrite_existing);
      break;
    case ImageFormat::efi:
      return make_efi(output);
    case ImageFormat::raw:
      return make_disk(output);
    case ImageFormat::iso:
      return make_iso(output);
    case ImageFormat::qcow2:
      return convert("qcow2");
    case ImageFormat::vmdk:
      return convert("vmdk");
    case ImageFormat::vdi:
      return convert("vdi");
    case ImageFormat::vhdx:
      return convert("vhdx");
  }
}

void ImageMaker::run(const std::vector<std::string>& command) {
  std::vector<std::string> in_folder{"env", "-C", work_.string(), "MTOOLS_SKIP_CHECK=1"};
  in_folder.insert(in_folder.end(), command.begin(), command.end());
  auto answer = capture_program(loop_, in_folder, kLimit);
  if (answer.status != 0)
    throw Failure(std::format("`{}` was expected to make a part of the image and failed with status {}: {}",
                              shell_line(command), answer.status, answer.output));
}

fs::path ImageMaker::write_script(const std::string& name, const std::string& folder) {
  std::ofstream(work_ / name) << std::format("multiboot2 {0}/toro.elf\nmodule2 {0}/arguments toro.command-line\nboot\n",
                                             folder);
  return name;
}

/// One program for UEFI, the kernel within it.
void ImageMaker::make_efi(const fs::path& output) {
  run({"tar", "--format=ustar", "--owner=0", "--group=0", "-cf", "memory.tar", "toro.elf", "arguments"});
  run({"grub-mkimage", "-O", "x86_64-efi", "-o", output.string(), "-p", "(memdisk)", "-m", "memory.tar", "-c",
       write_script("efi.cfg", "(memdisk)"), "memdisk", "tar", "multiboot2", "boot"});
}

/// For BIOS and UEFI: GRUB's core before a FAT32 partition, which has the kernel for it and the program for UEFI.
void ImageMaker::make_disk(const fs::path& output) {
  run({"grub-mkimage", "-O", "i386-pc", "-o", "core.img", "-p", "(,msdos1)", "-c", write_script("bios.cfg", "$prefix"),
       "biosdisk", "part_msdos", "fat", "multiboot2", "boot"});
  const auto core = read_text(work_ / "core.img");
  if (core.size() > kLargestCore)
    throw Failure(
        std::format("GRUB's core was expected to have at most {} bytes and has {}", kLargestCore, core.size()));
  make_efi(work_ / "BOOTX64.EFI");
  const auto sectors = partition_sectors_for(fs::file_size(work_ / "toro.elf") + fs::file_size(work_ / "BOOTX64.EFI") +
                                             fs::file_size(work_ / "arguments"));
  std::ofstream(output, std::ios::binary).flush();
  fs::resize_file(output, kPartitionOffset + std::uintmax_t{sectors} * kSectorSize);  // sparse
  {
    std::fstream disk(output, std::ios::binary | std::ios::in | std::ios::out);
    write_at(disk, 0, bytes_of(make_boot_record(read_text(kBiosLoader), sectors)));
    write_at(disk, kSectorSize, core);
    if (!disk.flush()) throw Failure(std::format("{} was expected to be writable", output.string()));
  }
  const auto partition = std::format("{}@@{}", output.string(), kPartitionOffset);
  run({"mformat", "-i", partition, "-F", "-c", "1", "-T", std::to_string(sectors), "-h", "255", "-s", "63", "-H",
       std::to_string(kPartitionOffset / kSectorSize), "::"});
  run({"mmd", "-i", partition, "::/EFI", "::/EFI/BOOT"});
  run({"mcopy", "-i", partition, "toro.elf", "arguments", "::"});
  run({"mcopy", "-i", partition, "BOOTX64.EFI", "::/EFI/BOOT/"});
}

/// For BIOS and UEFI, as a CD and as a disk.
void ImageMaker::make_iso(const fs::path& output) {
  fs::create_directories(work_ / "cd/boot/grub");
  for (const char* name : {"toro.elf", "arguments"}) fs::copy_file(work_ / name, work_ / "cd/boot" / name);
  write_script("cd/boot/grub/grub.cfg", "/boot");
  run({"grub-mkrescue", "-o", output.string(), "--install-modules=multiboot2 normal boot iso9660 part_msdos",
       "--fonts=", "--themes=", "--locales=", "cd"});
}

}  // namespace toro::cli
