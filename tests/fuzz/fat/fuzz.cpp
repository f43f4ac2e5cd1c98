// FAT. `fat12` and `fat32`, one of which is changed, are of mkfs.fat -s 1 -f 1, with folders and long names.
#include "kernel/filesystem/fat/fat.hpp"
#include "tests/fuzz/changed_volume.hpp"

using namespace toro::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::byte> images[] = {read_image(TORO_IMAGES "/fat12"), read_image(TORO_IMAGES "/fat32")};
  Choices choices(std::span(data, size));
  const auto& image = images[choices.byte() % std::size(images)];
  use_changed(image, choices, [](Medium& medium) { return fat::Fat::open(medium, Access::read_write, 65536); });
  return 0;
}
