// A FAT filesystem of any bytes: it is used without a fault, without an end, and without a byte outside of it.
#include "kernel/filesystem/fat/filesystem.hpp"
#include "tests/fuzz/filesystem_user.hpp"
#include "tests/unit/filesystem/medium.hpp"

using namespace toro::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MediumInMemory medium(size);
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, medium.bytes.begin());
  const auto filesystem = FatFilesystem::open(medium);
  if (!filesystem) return 0;
  FilesystemUser(**filesystem).use();
  (*filesystem)->destroy();
  return 0;
}
