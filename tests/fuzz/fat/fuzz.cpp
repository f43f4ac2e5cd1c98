// A FAT filesystem of any bytes: it is used without a fault, without an end, and without a byte outside of it.
#include "kernel/filesystem/fat/fat.hpp"
#include "tests/fuzz/filesystem_medium.hpp"
#include "tests/fuzz/filesystem_user.hpp"

using namespace toro::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  FuzzedMedium medium(data, size);
  const auto opened = fat::Fat::open(medium, Access::read_write, 1 << 17);
  if (!opened) return 0;
  FilesystemUser(*opened->filesystem).use();
  static_cast<void>(opened->filesystem->finish());
  opened->filesystem->destroy();
  return 0;
}
