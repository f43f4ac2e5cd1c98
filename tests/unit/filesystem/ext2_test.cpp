// ext2 on volumes that mke2fs made: what is written e2fsck and debugfs find in order, and the other way round.
#include "tests/unit/filesystem/ext2_volume.hpp"
#include "tests/unit/filesystem/model.hpp"

namespace {

using namespace toro::filesystem;
using toro::OpenMode;

const std::string kOptions[] = {
    "-b 1024",
    "-b 2048",
    "-b 4096",
    "-b 1024 -r 0",
    "-b 4096 -r 0",
    "-b 1024 -I 128 -O none",
    "-b 4096 -O ^dir_index,^resize_inode",
};

std::string text_of(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (char& c : text) {
    seed = seed * 1103515245 + 12345;
    c = static_cast<char>(seed >> 16);
  }
  return text;
}

Error error_of(auto result) {
  REQUIRE_FALSE(result);
  return result.error();
}

TEST_CASE("files, folders and links are made, and found again after a mount") {
  for (const auto& options : kOptions) {
    CAPTURE(options);
    Ext2Volume volume(options);
    auto* files = &volume.files();
    REQUIRE(volume.names().make_directory({"", "/d"}, 0755));
    REQUIRE(volume.names().make_directory({"", "/d/e"}, 0700));
    REQUIRE(files->write("/d/small", "small"));
    const std::string large = text_of(3'000'000, 1);  // double indirect, with blocks of 1 KiB
    REQUIRE(files->write("/d/e/large", large));
    REQUIRE(volume.names().make_symlink("d/small", {"", "/short"}));
    const std::string far = "d/" + std::string(100, '.') + "/../d/small";
    REQUIRE(volume.names().make_symlink(far, {"", "/long"}));
    REQUIRE(volume.names().link({"", "/d/small"}, Last::keep, {"", "/hard"}));
    volume.check();
    files = &volume.files();
    CHECK(files->read("/d/small") == "small");
    CHECK(*files->read("/d/e/large") == large);
    CHECK(files->read("/short") == "small");
    char target[200];
    CHECK(*volume.names().read_link({"", "/long"}, target) == far.size());
    CHECK(std::string_view(target, far.size()) == far);
    CHECK(volume.names().attributes({"", "/hard"}, Last::keep)->links == 2);
    CHECK(volume.names().attributes({"", "/"}, Last::keep)->links == 4);
    CHECK(volume.debugfs("cat /d/e/large") == large);
    REQUIRE(volume.names().unlink({"", "/d/small"}, false));
    REQUIRE(volume.names().unlink({"", "/long"}, false));
    REQUIRE(volume.names().unlink({"", "/d/e/large"}, false));
    REQUIRE(volume.names().unlink({"", "/d/e"}, true));
    volume.check();
    CHECK(volume.files().read("/hard") == "small");
    CHECK(volume.files().list("/d")->empty());
  }
}

TEST_CASE("holes cost nothing and read as zeros, also behind three levels of pointers") {
  for (const char* options : {"-b 1024", "-b 4096"}) {
    Ext2Volume volume(options, "32M");
    const std::uint64_t free = volume.filesystem().statistics().free_blocks;
    for (const std::uint64_t at : {0ULL, 20'000ULL, 300'000ULL, 70'000'000ULL, 3'000'000'000ULL}) {
      REQUIRE(volume.files().write("/sparse", "here", at));
      OpenFile& file = **volume.names().open({"", "/sparse"}, OpenMode::read, 0);
      char text[8];
      CHECK(*volume.names().read_at(file, at == 0 ? 0 : at - 4, std::as_writable_bytes(std::span(text))) ==
            (at == 0 ? 4U : 8U));
      CHECK(std::string_view(text + (at == 0 ? 0 : 4), 4) == "here");
      CHECK(std::string_view(text, at == 0 ? 0 : 4) == std::string_view("\0\0\0", at == 0 ? 0 : 4));
      volume.names().close(file);
    }
    CHECK(free - volume.filesystem().statistics().free_blocks < 20);
    volume.check();
    CHECK(volume.names().attributes({"", "/sparse"}, Last::keep)->size == 3'000'000'004);
    REQUIRE(volume.names().truncate({"", "/sparse"}, 299'999));
    volume.check();
    REQUIRE(volume.names().truncate({"", "/sparse"}, 0));
    CHECK(volume.names().attributes({"", "/sparse"}, Last::keep)->allocated == 0);
    REQUIRE(volume.names().unlink({"", "/sparse"}, false));
    CHECK(volume.filesystem().statistics().free_blocks == free);
    volume.check();
  }
}

TEST_CASE("what is cut off is gone: a file that grows again has zeros") {
  Ext2Volume volume("-b 1024");
  REQUIRE(volume.files().write("/f", std::string(5000, 'x')));
  REQUIRE(volume.names().truncate({"", "/f"}, 10));
  REQUIRE(volume.names().truncate({"", "/f"}, 100));
  CHECK(*volume.files().read("/f") == std::string(10, 'x') + std::string(90, '\0'));
  REQUIRE(volume.files().write("/f", "y", 2000));
  CHECK(volume.files().read("/f")->substr(10, 1990) == std::string(1990, '\0'));
  volume.check();
}

TEST_CASE("a volume that mke2fs filled is read") {
  Folder folder;
  const auto tree = folder.path / "tree";
  std::filesystem::create_directories(tree / "a" / "b");
  const std::string large = text_of(5'000'000, 7);
  std::ofstream(tree / "a" / "large", std::ios::binary) << large;
  std::ofstream(tree / "a" / "b" / "empty");
  std::filesystem::create_symlink("a/b", tree / "link");
  for (int i = 0; i < 2000; ++i) std::ofstream(tree / "a" / "b" / ("file " + std::to_string(i))) << i;
  for (const char* options : {"-b 1024", "-b 4096"}) {
    Ext2Volume volume(std::string(options) + " -d " + std::string(tree), "32M");
    CHECK(*volume.files().read("/a/large") == large);
    CHECK(volume.files().read("/link/empty") == "");
    CHECK(volume.files().list("/link")->size() == 2001);
    for (int i = 0; i < 2000; i += 100)
      CHECK(volume.files().read("/a/b/file " + std::to_string(i)) == std::to_string(i));
    REQUIRE(volume.files().write("/link/new", "new"));  // the directory has an index, which does not hold any more
    volume.check();
    CHECK(volume.files().read("/a/b/new") == "new");
  }
}

TEST_CASE("what is open outlives its name; at the end it goes") {
  Ext2Volume volume("-b 1024");
  const std::uint64_t free = volume.filesystem().statistics().free_blocks;
  REQUIRE(volume.files().write("/f", text_of(100'000, 3)));
  OpenFile& file = **volume.names().open({"", "/f"}, OpenMode::read | OpenMode::write, 0);
  REQUIRE(volume.names().unlink({"", "/f"}, false));
  std::string text(100'000, ' ');
  CHECK(*volume.names().read_at(file, 0, std::as_writable_bytes(std::span(text))) == text.size());
  CHECK(text == text_of(100'000, 3));
  CHECK(volume.names().attributes(file)->links == 0);
  REQUIRE(volume.filesystem().finish());
  CHECK(volume.filesystem().statistics().free_blocks == free);
  CHECK(error_of(volume.names().write_at(file, 0, std::as_bytes(std::span("x", 1)))) == Error::read_only);
  volume.names().close(file);
  CHECK(volume.fsck() == 0);
}

TEST_CASE("a directory of many entries") {
  Ext2Volume volume("-b 1024 -N 4096");
  REQUIRE(volume.names().make_directory({"", "/d"}, 0755));
  for (int i = 0; i < 3000; ++i) REQUIRE(volume.files().write("/d/name " + std::to_string(i), ""));
  volume.check();
  for (int i = 0; i < 3000; i += 2) REQUIRE(volume.names().unlink({"", "/d/name " + std::to_string(i)}, false));
  CHECK(volume.files().list("/d")->size() == 1500);
  for (int i = 0; i < 3000; ++i)
    CHECK(volume.names().attributes({"", "/d/name " + std::to_string(i)}, Last::keep).has_value() == (i % 2 != 0));
  const auto size = volume.names().attributes({"", "/d"}, Last::keep)->size;
  for (int i = 0; i < 1000; ++i) REQUIRE(volume.files().write("/d/more " + std::to_string(i), ""));
  CHECK(volume.names().attributes({"", "/d"}, Last::keep)->size == size);  // the room that was left is used
  volume.check();
}

TEST_CASE("names of several large directories are found while they come, go and move; also where memory is short") {
  for (const std::size_t cache : {std::size_t{32768}, std::size_t{1} << 20}) {
    Ext2Volume volume("-b 1024 -N 4096");
    volume.cache_bytes = cache;
    volume.check();
    const auto name = [](int directory, int i) { return "/" + std::to_string(directory) + "/n" + std::to_string(i); };
    const auto is_there = [&](const std::string& path) {
      return volume.names().attributes({"", path}, Last::keep).has_value();
    };
    constexpr int kDirectories = 6, kNames = 300;
    for (int d = 0; d < kDirectories; ++d) REQUIRE(volume.names().make_directory({"", "/" + std::to_string(d)}, 0755));
    for (int i = 0; i < kNames; ++i)
      for (int d = 0; d < kDirectories; ++d) REQUIRE(volume.files().write(name(d, i), ""));
    for (int i = 0; i < kNames; ++i) {
      REQUIRE(volume.names().rename({"", name(i % 3, i)}, {"", name(3 + i % 3, i + 1000)}));
      REQUIRE(volume.names().rename({"", name(5, i)}, {"", name(5, i)}));
    }
    for (int i = 0; i < kNames; ++i)
      for (int d = 0; d < 3; ++d) {
        CHECK(is_there(name(d, i)) == (i % 3 != d));
        CHECK(is_there(name(3 + d, i + 1000)) == (i % 3 == d));
      }
    // A directory that is made anew, perhaps with the same inode, has none of the old one's names.
    for (int i = 0; i < kNames; ++i)
      if (i % 3 != 0) REQUIRE(volume.names().unlink({"", name(0, i)}, false));
    REQUIRE(volume.names().unlink({"", "/0"}, true));
    REQUIRE(volume.names().make_directory({"", "/0"}, 0755));
    for (int i = 0; i < kNames; ++i) {
      CHECK_FALSE(is_there(name(0, i)));
      REQUIRE(volume.files().write(name(0, i), ""));
    }
    volume.check();
  }
}

TEST_CASE("a disk that is full says so, and goes on") {
  for (const char* options : {"-b 1024", "-b 4096 -N 64"}) {
    Ext2Volume volume(options, "2M");
    Result<> written;
    int files = 0;
    for (; written; ++files) written = volume.files().write("/" + std::to_string(files), text_of(50'000, 1));
    CHECK(error_of(written) == Error::no_space);
    volume.check();
    CHECK(volume.filesystem().statistics().free_blocks == 0);
    CHECK(error_of(volume.names().make_directory({"", "/d"}, 0755)) == Error::no_space);
    volume.check();
    REQUIRE(volume.names().unlink({"", "/0"}, false));
    REQUIRE(volume.files().write("/0", text_of(50'000, 2)));
    volume.check();
    for (int i = 0; written || i < 200; ++i) written = volume.files().write("/empty" + std::to_string(i), "");
    CHECK(error_of(written) == Error::no_space);  // no inode
    volume.check();
  }
}

TEST_CASE("attributes: times, permissions, owners") {
  Ext2Volume volume("-b 1024");
  REQUIRE(volume.files().write("/f", "x"));
  AttributeChange change;
  change.mode = 04751;
  change.user = 100'000;
  change.group = 7;
  change.modified = -5'000'000'000;
  change.accessed = 1'234'567'890'000'000'000;
  REQUIRE(volume.names().change({"", "/f"}, Last::keep, change));
  volume.check();
  const auto found = *volume.names().attributes({"", "/f"}, Last::keep);
  CHECK(found.mode == 04751);
  CHECK(found.user == 100'000);
  CHECK(found.group == 7);
  CHECK(found.modified == -5'000'000'000);
  CHECK(found.accessed == 1'234'567'890'000'000'000);
  CHECK(volume.debugfs("stat /f").contains("User: 100000   Group:     7"));
}

TEST_CASE("what is not ext2, or more than it, is refused in a sentence; or only read") {
  Folder folder;
  const std::string image = folder.path / "image";
  const auto open = [&](const std::string& options) {
    REQUIRE(run("rm -f " + image + "; mke2fs -q -F " + options + " " + image + " 8M") == 0);
    TestMedium medium(load(image));
    reports.clear();
    auto opened = ext2::Ext2::open(medium, Access::read_write, 65536);
    if (opened) opened->filesystem->destroy();
    CHECK(medium.closed == 1);
    return opened;
  };
  CHECK(error_of(open("-t ext4")) == Error::not_supported);
  CHECK(reports.at(0).contains("disk0 is ext4"));
  CHECK(error_of(open("-t ext2 -O meta_bg,^resize_inode")) == Error::not_supported);
  CHECK(error_of(open("-t ext2 -b 8192")) == Error::not_supported);
  CHECK(reports.at(0).contains("1, 2 or 4 KiB"));
  CHECK(open("-t ext3")->access == Access::read_write);
  CHECK(open("-t ext2 -O huge_file")->access == Access::read_only);
  CHECK(reports.at(0).contains("reading only"));
  TestMedium empty(std::vector<std::byte>(65536));
  CHECK(error_of(ext2::Ext2::open(empty, Access::read_write, 65536)) == Error::invalid);
  TestMedium tiny(std::vector<std::byte>(512));
  CHECK(error_of(ext2::Ext2::open(tiny, Access::read_write, 65536)) == Error::invalid);
}

TEST_CASE("read only: nothing is written") {
  Ext2Volume volume("-b 1024");
  REQUIRE(volume.files().write("/f", "x"));
  volume.unmount();
  volume.medium().read_only = true;
  const auto before = volume.medium().content;
  volume.mount();
  CHECK(volume.files().read("/f") == "x");
  CHECK(error_of(volume.files().write("/f", "y")) == Error::read_only);
  CHECK(error_of(volume.filesystem().truncate(2, 0)) == Error::invalid);
  CHECK(error_of(volume.filesystem().create(2, "x", {})) == Error::read_only);
  CHECK(error_of(volume.filesystem().unlink(2, "f", false)) == Error::read_only);
  volume.unmount();
  CHECK((volume.medium().content == before));
}

TEST_CASE("an error of the medium reaches who asked; after a write error nothing is written, which is said once") {
  Ext2Volume volume("-b 1024");
  REQUIRE(volume.files().write("/good", "good"));
  REQUIRE(volume.files().write("/bad", text_of(100'000, 1)));
  volume.check();
  reports.clear();
  const auto block = std::stoull(volume.debugfs("bmap /bad 50"));
  volume.medium().fail_at = block * 1024;
  volume.medium().fail_reads = true;
  CHECK(error_of(volume.files().read("/bad").and_then([&](const std::string& text) -> Result<> {
          return text.size() == 100'000 ? Result<>() : failure(Error::io_error);  // as far as it could be read
        })) == Error::io_error);
  CHECK(volume.files().read("/good") == "good");
  volume.medium().fail_reads = false;
  CHECK(volume.files().read("/bad") == text_of(100'000, 1));
  CHECK(reports.empty());
  volume.medium().fail_writes = true;
  REQUIRE(volume.files().write("/bad", "new", 50 * 1024));
  CHECK(error_of(volume.names().sync()) == Error::io_error);
  CHECK(error_of(volume.names().sync()) == Error::io_error);
  CHECK(error_of(volume.files().write("/bad", "new", 50 * 1024)) == Error::read_only);
  CHECK(reports.size() == 1);
  CHECK(reports.at(0).contains("a write failed"));
  CHECK(volume.files().read("/good") == "good");
}

TEST_CASE("what was synced is on the medium") {
  Ext2Volume volume("-b 1024");
  REQUIRE(volume.names().make_directory({"", "/d"}, 0755));
  REQUIRE(volume.files().write("/d/f", text_of(30'000, 5)));
  REQUIRE(volume.names().sync());
  CHECK(volume.medium().flushes == 1);
  TestMedium then(volume.medium().content);  // the power goes
  const auto opened = ext2::Ext2::open(then, Access::read_only, 65536);
  REQUIRE(opened);
  {
    Names names(*opened->filesystem);
    CHECK(names.read("/d/f") == text_of(30'000, 5));
  }
  opened->filesystem->destroy();
  CHECK(volume.fsck() == 0);
}

TEST_CASE("random operations do what a model does") {
  const unsigned long steps = std::getenv("TORO_STEPS") != nullptr ? std::stoul(std::getenv("TORO_STEPS")) : 100'000;
  const struct {
    const char* options;
    const char* size;
  } volumes[] = {{"-b 1024 -N 256", "6M"}, {"-b 2048 -r 0", "10M"}, {"-b 4096", "16M"}, {"-b 1024 -g 1024", "8M"}};
  unsigned seed = 0;
  for (const auto& [options, size] : volumes) {
    Ext2Volume volume(options, size);
    volume.cache_bytes = 96 * 1024;
    volume.check();
    Model model(++seed);
    CAPTURE(options);
    for (unsigned i = 0; i < steps / std::size(volumes); ++i) {
      CAPTURE(i);
      model.step(volume.files());
      if (i % 5000 == 4999) {
        model.compare(volume.files());
        volume.check();
      }
    }
    model.compare(volume.files());
    volume.check();
    model.compare(volume.files());
    CHECK(volume.medium().out_of_range == 0);
  }
}

}  // namespace
