// Puts GRUB and a kernel into one file that a firmware boots.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/host/event_loop.hpp"
#include "sdk/cli/image/format.hpp"

namespace toro::cli {

/// True for an ELF image that has a Multiboot2 header where loaders look for it. [Multiboot2 2.0 §3.1]
[[nodiscard]] bool has_multiboot2_header(const std::filesystem::path& elf);

/// Makes images in a private folder of the caller's.
class ImageMaker {
 public:
  /// `work` holds `toro.elf` and `arguments`, the kernel's command line.
  ImageMaker(EventLoop& loop, std::filesystem::path work) : loop_(loop), work_(std::move(work)) {}

  /// Writes the image to `output`. Throws Failure.
  void make(ImageFormat format, const std::filesystem::path& output);

 private:
  void make_efi(const std::filesystem::path& output);
  void make_disk(const std::filesystem::path& output);
  void make_iso(const std::filesystem::path& output);
  /// Runs a program in `work_`; what it said goes into the Failure when it fails.
  void run(const std::vector<std::string>& command);
  std::filesystem::path write_script(const std::string& name, const std::string& folder);

  EventLoop& loop_;
  std::filesystem::path work_;
};

}  // namespace toro::cli
