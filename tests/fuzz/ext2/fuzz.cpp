// ext2. `image`, which is changed, is of mke2fs -b 1024 -d, with files that need all levels of pointers, folders and
// links.
#include "kernel/filesystem/ext2/ext2.hpp"
#include "tests/fuzz/changed_volume.hpp"

using namespace toro::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::byte> image = read_image(TORO_IMAGE);
  use_changed(image, Choices(std::span(data, size)),
              [](Medium& medium) { return ext2::Ext2::open(medium, Access::read_write, 65536); });
  return 0;
}
