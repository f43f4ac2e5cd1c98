// The power goes: after each write of a few operations, what had been synced before is there, and e2fsck makes the
// volume right without losing it.
#include "tests/unit/filesystem/ext2_volume.hpp"

namespace {

using namespace toro::filesystem;

/// Keeps what is written, in order.
class Recorder final : public Medium {
 public:
  struct Write {
    std::uint64_t offset;
    std::vector<std::byte> bytes;
  };

  explicit Recorder(Medium& medium) : medium_(medium) {}

  [[nodiscard]] std::string_view name() const override { return medium_.name(); }
  [[nodiscard]] std::uint64_t bytes() const override { return medium_.bytes(); }
  [[nodiscard]] std::uint32_t sector_size() const override { return medium_.sector_size(); }
  [[nodiscard]] bool is_read_only() const override { return false; }
  [[nodiscard]] Result<> transfer(Direction direction, std::span<const Transfer> transfers) override {
    if (direction == Direction::write)
      for (const Transfer& transfer : transfers) {
        Write write{transfer.offset, {}};
        for (const auto segment : transfer.segments)
          write.bytes.insert(write.bytes.end(), segment.begin(), segment.end());
        writes.push_back(std::move(write));
      }
    return medium_.transfer(direction, transfers);
  }
  [[nodiscard]] Result<> flush() override { return medium_.flush(); }
  void close() override {}

  std::vector<Write> writes;

 private:
  Medium& medium_;
};

using Operation = void (*)(Names&);
const Operation kOperations[] = {
    [](Names& files) { REQUIRE(files.write("/new", std::string(9000, 'n'))); },
    [](Names& files) { REQUIRE(files.write("/log", std::string(3000, 'L'), 20'000)); },
    [](Names& files) { REQUIRE(files.names.unlink({"", "/old"}, false)); },
    [](Names& files) { REQUIRE(files.names.rename({"", "/old"}, {"", "/d/moved"})); },
    [](Names& files) { REQUIRE(files.names.rename({"", "/log"}, {"", "/old"})); },
    [](Names& files) { REQUIRE(files.names.make_directory({"", "/d/e"}, 0755)); },
    [](Names& files) { REQUIRE(files.names.truncate({"", "/log"}, 100)); },
    [](Names& files) { REQUIRE(files.names.link({"", "/log"}, Last::keep, {"", "/hard"})); },
};

TEST_CASE("the power goes at any time: what was synced and not touched is there, and e2fsck can repair the rest") {
  Ext2Volume volume("-b 1024 -N 64", "1M");
  REQUIRE(volume.names().make_directory({"", "/d"}, 0755));
  REQUIRE(volume.files().write("/log", std::string(20'000, 'l')));
  REQUIRE(volume.files().write("/old", std::string(20'000, 'o')));
  REQUIRE(volume.files().write("/d/kept", std::string(20'000, 'k')));
  volume.unmount();
  const auto before = volume.medium().content;
  const std::string image = volume.folder() / "cut";
  unsigned cuts = 0;
  unsigned repaired = 0;
  for (std::size_t first = 0; first < std::size(kOperations); ++first)
    for (std::size_t second = 0; second < std::size(kOperations); ++second) {
      if ((first == 2 || first == 3) && second >= 2 && second <= 4) continue;  // what the first took away
      if (first == 4 && second != 0 && second != 2 && second != 3 && second != 5) continue;
      if (first == second) continue;
      CAPTURE(first);
      CAPTURE(second);
      TestMedium medium(before);
      Recorder recorder(medium);
      {
        const auto opened = ext2::Ext2::open(recorder, Access::read_write, 65536);
        REQUIRE(opened);
        {
          Names files(*opened->filesystem);
          kOperations[first](files);
          kOperations[second](files);
          REQUIRE(files.names.sync());
        }
        opened->filesystem->destroy();
      }
      auto content = before;
      for (const auto& write : recorder.writes) {
        std::ranges::copy(write.bytes, content.begin() + static_cast<std::ptrdiff_t>(write.offset));
        save(image, content);
        ++cuts;
        if (run("e2fsck -fn " + image) != 0) {
          ++repaired;
          REQUIRE(run("e2fsck -fy " + image + "; test $? -le 1 && e2fsck -fn " + image) == 0);
        }
        TestMedium after(load(image));
        const auto opened = ext2::Ext2::open(after, Access::read_only, 65536);
        REQUIRE(opened);
        {
          Names files(*opened->filesystem);
          CHECK(files.read("/d/kept") == std::string(20'000, 'k'));
        }
        opened->filesystem->destroy();
      }
      // All is written: nothing needs repair.
      save(image, content);
      CHECK(run("e2fsck -fn " + image) == 0);
    }
  MESSAGE(cuts, " cuts, of which e2fsck repaired ", repaired);
  CHECK(cuts > 100);
  volume.mount();
}

}  // namespace
