// A volume with any bytes changed, and any operations on it: no read or write beyond the disk, and an end.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/unit/filesystem/exercise.hpp"
#include "tests/unit/filesystem/test_medium.hpp"

namespace toro::filesystem {

inline std::vector<std::byte> read_image(const char* path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(in), {});
  if (bytes.empty()) std::abort();
  std::vector<std::byte> content(bytes.size());
  std::ranges::transform(bytes, content.begin(), [](char c) { return static_cast<std::byte>(c); });
  return content;
}

/// `open` as Kind::open, but for the medium of `image`, of which `choices` change some bytes first.
inline void use_changed(const std::vector<std::byte>& image, Choices choices, auto open) {
  reports.clear();
  TestMedium medium(image);
  for (unsigned changes = choices.byte() % 32; changes > 0; --changes) {
    const std::size_t at = choices.number(3) % image.size();
    for (unsigned count = choices.byte() % 16 + 1, i = 0; i < count && at + i < image.size(); ++i)
      medium.content[at + i] = std::byte{choices.byte()};
  }
  const auto opened = open(medium);
  if (opened) {
    Exercise exercise(*opened->filesystem);
    exercise.walk(opened->filesystem->root());
    while (!choices.empty()) exercise.step(choices);
  }
  if (medium.out_of_range != 0 || medium.closed != 1) std::abort();
}

}  // namespace toro::filesystem
