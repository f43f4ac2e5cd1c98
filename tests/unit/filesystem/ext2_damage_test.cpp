// Volumes that are damaged: nothing is read beyond the disk, everything ends, and what is found is told.
#include <random>

#include "tests/unit/filesystem/exercise.hpp"
#include "tests/unit/filesystem/ext2_volume.hpp"

namespace {

using namespace toro::filesystem;

/// Looks at all of a volume, and changes it in any way that `seed` says.
void exercise(std::vector<std::byte> content, unsigned seed) {
  reports.clear();
  TestMedium medium(std::move(content));
  const auto opened = ext2::Ext2::open(medium, Access::read_write, 65536);
  if (opened) {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> bytes(300);
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
    Choices choices(bytes);
    Exercise exercise(*opened->filesystem);
    exercise.walk(opened->filesystem->root());
    while (!choices.empty()) exercise.step(choices);
  }
  CHECK(medium.out_of_range == 0);
  CHECK(medium.closed == 1);
  CHECK(reports.size() < 4);
}

TEST_CASE("a volume with random bytes changed") {
  const auto image = load(TORO_FUZZ_IMAGE);
  for (unsigned seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto changed = image;
    // Three groups of 256 blocks: most of what describes the volume lies at their beginnings.
    for (unsigned i = random() % 16 + 1; i > 0; --i) {
      const std::size_t block = random() % 4 == 0 ? random() % 384 : 1 + random() % 60;
      changed.at(block * 1024 + random() % 1024) =
          static_cast<std::byte>(random() % 2 == 0 ? random() : 1U << random() % 8);
    }
    exercise(std::move(changed), seed);
  }
}

TEST_CASE("a directory that leads to itself, and blocks that two files have, are survived and told") {
  Ext2Volume volume("-b 1024 -O ^dir_index");
  REQUIRE(volume.names().make_directory({"", "/d"}, 0755));
  REQUIRE(volume.names().make_directory({"", "/d/e"}, 0755));
  REQUIRE(volume.files().write("/a", std::string(20'000, 'a')));
  REQUIRE(volume.files().write("/b", std::string(20'000, 'b')));
  volume.unmount();
  const auto image = volume.folder() / "damaged";
  save(image, volume.medium().content);
  const auto debugfs = [&](const std::string& command) {
    REQUIRE(run("debugfs -w -R '" + command + "' " + std::string(image)) == 0);
  };
  debugfs("link d d/e/loop");
  debugfs("sif b block[3] 9999999");
  debugfs("sif a block[IND] 200");
  exercise(load(image), 1);
  TestMedium medium(load(image));
  const auto opened = ext2::Ext2::open(medium, Access::read_write, 65536);
  REQUIRE(opened);
  {
    Names names(*opened->filesystem);
    reports.clear();
    CHECK(names.read("/d/e/loop/e/loop/e/loop").error() == Error::is_directory);
    CHECK(names.read("/b")->size() == 3 * 1024);  // as far as it goes
    CHECK(reports.size() == 1);
    CHECK(reports.at(0).contains("is damaged (a block pointer)"));
    CHECK(names.write("/new", "x").error() == Error::read_only);
  }
  opened->filesystem->destroy();
  volume.mount();
}

/// e2fsprogs' own, as tests/unit/filesystem/fetch_damaged_images gets them.
TEST_CASE("the damaged images of e2fsprogs" * doctest::skip(std::getenv("TORO_DAMAGED_IMAGES") == nullptr)) {
  Folder folder;
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::getenv("TORO_DAMAGED_IMAGES"))) {
    CAPTURE(entry.path());
    REQUIRE(run("zcat " + std::string(entry.path()) + " > " + std::string(folder.path / "image")) == 0);
    exercise(load(folder.path / "image"), ++count);
  }
  CHECK(count > 100);
}

}  // namespace
