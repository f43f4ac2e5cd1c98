// An ext2 volume with any bytes changed, and any operations on it: no read or write beyond the disk, and an end.
// `image`, which is changed, is of mke2fs -b 1024 -d, with files that need all levels of pointers, folders and links.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "kernel/filesystem/ext2/ext2.hpp"
#include "tests/unit/filesystem/exercise.hpp"
#include "tests/unit/filesystem/test_medium.hpp"

using namespace toro::filesystem;

namespace {

std::vector<std::byte> read_image() {
  std::ifstream in(TORO_IMAGE, std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(in), {});
  if (bytes.empty()) std::abort();
  std::vector<std::byte> content(bytes.size());
  std::ranges::transform(bytes, content.begin(), [](char c) { return static_cast<std::byte>(c); });
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::byte> image = read_image();
  Choices choices(std::span(data, size));
  reports.clear();
  TestMedium medium(image);
  for (unsigned changes = choices.byte() % 32; changes > 0; --changes) {
    const std::size_t at = choices.number(3) % image.size();
    for (unsigned count = choices.byte() % 16 + 1, i = 0; i < count && at + i < image.size(); ++i)
      medium.content[at + i] = std::byte{choices.byte()};
  }
  const auto opened = ext2::Ext2::open(medium, Access::read_write, 65536);
  if (opened) {
    Exercise exercise(*opened->filesystem);
    exercise.walk(opened->filesystem->root());
    while (!choices.empty()) exercise.step(choices);
  }
  if (medium.out_of_range != 0 || medium.closed != 1) std::abort();
  return 0;
}
