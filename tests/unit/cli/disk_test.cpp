// Disk images: their formats, what is refused, and QEMU's words for them.
#include "sdk/cli/guest/disk.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sdk/cli/guest/asynchronous_io.hpp"
#include "sdk/cli/host/failure.hpp"

using namespace toro::cli;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/toro-unit-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }

  [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(path / name, std::ios::binary) << content;
    return path / name;
  }

  std::filesystem::path path;
};

std::string why_not(const std::string& disk) {
  try {
    find_disk(disk, 0);
  } catch (const Failure& failure) {
    CHECK(failure.exit_status() == kUsageError);
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("images are recognised by what they begin with") {
  CHECK(recognise_image(std::string(512, '\0')) == "raw");
  CHECK(recognise_image("") == "raw");
  CHECK(recognise_image("QFI") == "raw");
  CHECK(recognise_image(std::string("QFI\xfb\0\0\0\3", 8)) == "qcow2");
  CHECK(recognise_image(std::string("QFI\xfb\0\0\0\1", 8)) == "qcow");
  CHECK(recognise_image("KDMV") == "VMDK");
  CHECK(recognise_image(std::string(64, '\0') + "\x7f\x10\xda\xbe") == "VDI");
}

TEST_CASE("a disk is an image, a read-only one, or a size") {
  const Folder folder;
  const auto image = folder.file("a.img", std::string(1024, 'x'));
  const auto disk = find_disk(image, 0);
  CHECK(disk.image == image);
  CHECK(disk.format == "raw");
  CHECK_FALSE(disk.read_only);
  CHECK(find_disk(image + ":ro", 0).read_only);
  CHECK(find_disk(image + ":ro", 0).image == image);
  CHECK(find_disk("64M", 2).new_bytes == 64U << 20);
  CHECK(find_disk("64M", 2).image == "${run}/disk2.img");
}

TEST_CASE("a disk may be mounted: what comes behind its name, in any order") {
  const Folder folder;
  const auto image = folder.file("a:b.img", std::string(1024, 'x'));
  CHECK_FALSE(find_disk(image, 0).mount);
  CHECK(mount_option(*find_disk(image + ":ext2:/data", 0).mount) == "toro.mount=\"ext2:disk0:/data\"");
  CHECK(mount_option(*find_disk(image + ":/a b", 1).mount) == "toro.mount=\":disk1:/a b\"");
  CHECK(mount_option(*find_disk(image + ":ext2", 2).mount) == "toro.mount=\"ext2:disk2:/disk2\"");
  const auto both = find_disk(image + ":ext2:ro:/data", 0);
  CHECK(both.read_only);
  CHECK(both.mount->place == "/data");
  CHECK(both.image == image);
  CHECK(find_disk("1M:ext2", 0).new_bytes == 1U << 20);
  CHECK(mount_option(*find_disk(image + ":p12:fat:/x", 0).mount) == "toro.mount=\"fat:disk0p12:/x\"");
}

TEST_CASE("a folder becomes a FAT disk") {
  const Folder folder;
  const auto disk = find_disk(folder.path.string() + ":fat", 3);
  CHECK(disk.read_only);
  CHECK(mount_option(*disk.mount) == "toro.mount=\"fat:disk3p1:/disk3\"");
  CHECK(blockdev(disk, "disk3", "threads") ==
        R"({"dir":")" + folder.path.string() + R"(","driver":"vvfat","node-name":"disk3","read-only":true})");
}

TEST_CASE("a new disk is made in the run's folder") {
  const Folder folder;
  make_disk(find_disk("1M", 0), folder.path);
  CHECK(std::filesystem::file_size(folder.path / "disk0.img") == 1U << 20);
  CHECK_THROWS_AS(make_disk(find_disk("1M", 0), folder.path), Failure);  // there already
}

TEST_CASE("what cannot be a disk is refused in one sentence") {
  const Folder folder;
  CHECK(why_not(folder.path / "none").contains("is not there"));
  CHECK(why_not(folder.path).contains("is a directory"));
  CHECK(why_not(folder.file("empty", "")).contains("has 0 bytes"));
  CHECK(why_not(folder.file("odd", std::string(513, 'x'))).contains("has 513 bytes"));
  CHECK(why_not(folder.file("vhdx", "vhdxfile")).contains("is VHDX"));
}

TEST_CASE("an image is one disk, unless all only read it") {
  const Folder folder;
  const auto image = folder.file("a.img", std::string(512, 'x'));
  std::filesystem::create_symlink(image, folder.path / "link");
  const auto together = [](const std::string& one, const std::string& other) {
    require_other_images(find_disk(other, 1), {find_disk(one, 0)});
  };
  CHECK_THROWS_AS(together(image, image), Failure);
  CHECK_THROWS_AS(together(image, folder.path / "link"), Failure);
  CHECK_THROWS_AS(together(image + ":ro", image), Failure);
  CHECK_NOTHROW(together(image + ":ro", image + ":ro"));
  CHECK_NOTHROW(together(image, folder.file("b.img", std::string(512, 'x'))));
  CHECK_NOTHROW(together("1M", "1M"));
}

TEST_CASE("a QEMU that is not known to have io_uring uses threads") {
  const Folder folder;
  CHECK(choose_asynchronous_io(folder.path / "none") == "threads");
  const auto without = folder.file("without", "liburin");
  std::filesystem::permissions(without, std::filesystem::perms::owner_exec, std::filesystem::perm_options::add);
  CHECK(choose_asynchronous_io(without) == "threads");
}

TEST_CASE("QEMU's words for a disk, whatever is in its name") {
  const Disk disk{.image = "/a,b \"c\".img", .format = "raw", .read_only = true, .new_bytes = 0};
  CHECK(
      blockdev(disk, "disk3", "threads") ==
      R"({"discard":"unmap","driver":"raw","file":{"aio":"threads","driver":"file","filename":"/a,b \"c\".img"},"node-name":"disk3",)"
      R"("read-only":true})");
}
