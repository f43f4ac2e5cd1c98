// Paths, links, mounts, and what may be done with open files; on files in memory.
#include "kernel/filesystem/memory_filesystem.hpp"
#include "tests/unit/filesystem/names.hpp"

namespace {

using namespace toro::filesystem;
using toro::OpenMode;
using toro::SeekFrom;

struct Memory {
  MemoryFilesystem& filesystem = *make<MemoryFilesystem>();
  Names files{filesystem};
  Namespace& names = files.names;
  ~Memory() { filesystem.destroy(); }

  Error error_of(auto result) {
    REQUIRE_FALSE(result);
    return result.error();
  }
};

TEST_CASE_FIXTURE(Memory, "a file is written, read, cut and made longer") {
  REQUIRE(files.write("/a", "hello"));
  CHECK(files.read("/a") == "hello");
  REQUIRE(files.write("/a", "X", 10000));
  CHECK(files.read("/a")->size() == 10001);
  REQUIRE(names.truncate({"", "/a"}, 3));
  REQUIRE(names.truncate({"", "/a"}, 6));
  CHECK(files.read("/a") == std::string("hel\0\0\0", 6));
}

TEST_CASE_FIXTURE(Memory, "paths: dots, slashes, directories where files are, long names") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  REQUIRE(names.make_directory({"", "d/e/"}, 0755));
  REQUIRE(files.write("//d/./e/../e//f", "f"));
  CHECK(files.read("/d/e/f") == "f");
  CHECK(files.read("/../d/e/f") == "f");
  CHECK(error_of(files.read("/d/e/f/")) == Error::not_directory);
  CHECK(error_of(files.read("/d/e/f/x")) == Error::not_directory);
  CHECK(error_of(files.read("/d/x/f")) == Error::no_entry);
  CHECK(error_of(files.read("")) == Error::no_entry);
  CHECK(error_of(files.write("/d", "x")) == Error::is_directory);
  CHECK(error_of(files.write("/new/", "x")) == Error::is_directory);
  CHECK(files.write("/" + std::string(255, 'n'), "x"));
  CHECK(error_of(files.write("/" + std::string(256, 'n'), "x")) == Error::name_too_long);
  CHECK(error_of(files.read(std::string(4096, '/'))) == Error::name_too_long);
  CHECK(error_of(names.make_directory({"", "/"}, 0)) == Error::exists);
  CHECK(error_of(names.make_directory({"", "/d/."}, 0)) == Error::exists);
}

TEST_CASE_FIXTURE(Memory, "symbolic links are followed, also the last one, and loops end") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  REQUIRE(files.write("/d/f", "f"));
  REQUIRE(names.make_symlink("d", {"", "/l"}));
  REQUIRE(names.make_symlink("../d/new", {"", "/d/to-new"}));
  REQUIRE(names.make_symlink("/l/f", {"", "/absolute"}));
  REQUIRE(names.make_symlink("loop", {"", "/loop"}));
  CHECK(files.read("/l/f") == "f");
  CHECK(files.read("/absolute") == "f");
  CHECK(error_of(files.read("/loop")) == Error::too_many_symlinks);
  CHECK(error_of(files.read("/d/to-new")) == Error::no_entry);
  REQUIRE(files.write("/d/to-new", "made through a link"));
  CHECK(files.read("/d/new") == "made through a link");
  CHECK(names.attributes({"", "/l"}, Last::keep)->type == toro::FileType::symlink);
  CHECK(names.attributes({"", "/l/"}, Last::keep)->type == toro::FileType::directory);
  CHECK(error_of(names.open({"", "/l"}, OpenMode::read | OpenMode::no_follow, 0)) == Error::too_many_symlinks);
  CHECK(error_of(names.open({"", "/l"}, OpenMode::write | OpenMode::create | OpenMode::exclusive, 0)) == Error::exists);
  char target[64];
  CHECK(*names.read_link({"", "/absolute"}, target) == 4);
  CHECK(std::string_view(target, 4) == "/l/f");
  CHECK(error_of(names.read_link({"", "/d/f"}, target)) == Error::invalid);
  CHECK(*names.canonical_directory({"", "l/../l"}, target) == 2);
  CHECK(std::string_view(target, 2) == "/d");
}

TEST_CASE_FIXTURE(Memory, "hard links count, and what is open outlives its name") {
  REQUIRE(files.write("/a", "text"));
  REQUIRE(names.link({"", "/a"}, Last::keep, {"", "/b"}));
  CHECK(names.attributes({"", "/b"}, Last::keep)->links == 2);
  CHECK(error_of(names.link({"", "/a"}, Last::keep, {"", "/b"})) == Error::exists);
  OpenFile& file = **names.open({"", "/a"}, OpenMode::read, 0);
  REQUIRE(names.unlink({"", "/a"}, false));
  REQUIRE(names.unlink({"", "/b"}, false));
  char text[4];
  CHECK(*names.read(file, std::as_writable_bytes(std::span(text))) == 4);
  CHECK(names.attributes(file)->links == 0);
  CHECK(*names.seek(file, -1, SeekFrom::end) == 3);
  CHECK(error_of(names.seek(file, -5, SeekFrom::end)) == Error::invalid);
  CHECK(error_of(names.write(file, {})) == Error::bad_file);
  names.close(file);
  CHECK(files.list("/")->empty());
  CHECK(filesystem.statistics().files == 1);
}

TEST_CASE_FIXTURE(Memory, "rename replaces, keeps open files, and refuses what cannot be") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  REQUIRE(names.make_directory({"", "/e"}, 0755));
  REQUIRE(files.write("/d/f", "1"));
  REQUIRE(files.write("/g", "2"));
  REQUIRE(names.rename({"", "/d/f"}, {"", "/g"}));
  CHECK(files.read("/g") == "1");
  CHECK(error_of(names.rename({"", "/d"}, {"", "/d/x"})) == Error::invalid);
  CHECK(error_of(names.rename({"", "/d"}, {"", "/g"})) == Error::not_directory);
  CHECK(error_of(names.rename({"", "/g"}, {"", "/d"})) == Error::is_directory);
  REQUIRE(files.write("/e/full", "x"));
  CHECK(error_of(names.rename({"", "/d"}, {"", "/e"})) == Error::not_empty);
  REQUIRE(names.rename({"", "/e"}, {"", "/d"}));
  CHECK(files.read("/d/full") == "x");
  CHECK(names.attributes({"", "/"}, Last::follow)->links == 3);
  CHECK(error_of(names.unlink({"", "/d"}, true)) == Error::not_empty);
  CHECK(error_of(names.unlink({"", "/d"}, false)) == Error::is_directory);
  CHECK(error_of(names.unlink({"", "/g"}, true)) == Error::not_directory);
  CHECK(error_of(names.rename({"", "/"}, {"", "/x"})) == Error::busy);
}

TEST_CASE_FIXTURE(Memory, "append goes to the end whatever the position is") {
  REQUIRE(files.write("/log", "one "));
  OpenFile& file = **names.open({"", "/log"}, OpenMode::write | OpenMode::append, 0);
  REQUIRE(names.seek(file, 0, SeekFrom::start));
  REQUIRE(names.write(file, std::as_bytes(std::span("two", 3))));
  names.close(file);
  CHECK(files.read("/log") == "one two");
}

TEST_CASE_FIXTURE(Memory, "a mount covers a directory, and '..' leads out of it") {
  REQUIRE(names.make_directory({"", "/mnt"}, 0755));
  REQUIRE(files.write("/outside", "outside"));
  auto& other = *make<MemoryFilesystem>();
  Mount mount;
  mount.filesystem = &other;
  mount.path = *Text::copy("/mnt");
  REQUIRE(names.mount(mount));
  REQUIRE(files.write("/mnt/f", "inside"));
  CHECK(files.read("/mnt/../mnt/./f") == "inside");
  CHECK(files.read("/mnt/../outside") == "outside");
  CHECK(error_of(names.rename({"", "/mnt/f"}, {"", "/f"})) == Error::cross_device);
  CHECK(error_of(names.link({"", "/mnt/f"}, Last::keep, {"", "/f"})) == Error::cross_device);
  CHECK(names.attributes({"", "/mnt"}, Last::keep)->device != names.attributes({"", "/"}, Last::keep)->device);
  OpenFile& file = **names.open({"", "/mnt/f"}, OpenMode::read, 0);
  CHECK(error_of(names.unmount("/mnt")) == Error::busy);
  names.close(file);
  CHECK(error_of(names.unmount("/mnt/f")) == Error::invalid);
  mount.read_only = true;
  CHECK(error_of(files.write("/mnt/f", "x")) == Error::read_only);
  CHECK(error_of(files.write("/mnt/g", "x")) == Error::read_only);
  CHECK(error_of(names.make_directory({"", "/mnt/g"}, 0)) == Error::read_only);
  CHECK(error_of(names.unlink({"", "/mnt/f"}, false)) == Error::read_only);
  REQUIRE(names.unmount("/mnt"));
  CHECK(error_of(files.read("/mnt/f")) == Error::no_entry);
  other.destroy();
}

TEST_CASE_FIXTURE(Memory, "a directory is read to its end while files go and come") {
  for (int i = 0; i < 50; ++i) REQUIRE(files.write("/f" + std::to_string(i), ""));
  OpenFile& file = **names.open({"", "/"}, OpenMode::read, 0);
  struct Few {
    std::size_t room = 0;
    std::vector<std::string> names;
  } few;
  const auto add = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
    auto& to = *static_cast<Few*>(context);
    if (to.room == 0) return false;
    --to.room;
    to.names.emplace_back(name);
    return true;
  };
  std::size_t seen = 0;
  do {
    seen = few.names.size();
    few.room = 3;
    REQUIRE(names.read_directory(file, {&few, add}));
    for (std::size_t i = seen; i < few.names.size(); ++i)
      if (few.names[i][0] == 'f') REQUIRE(names.unlink({"", "/" + few.names[i]}, false));
  } while (seen != few.names.size());
  CHECK(few.names.size() == 52);
  CHECK(files.list("/")->empty());
  names.close(file);
}

TEST_CASE_FIXTURE(Memory, "files that the image carries can be read only") {
  static constexpr char text[] = "content";
  REQUIRE(filesystem.add("www/index.html", std::as_bytes(std::span(text, 7))));
  REQUIRE(filesystem.add("www/css/style.css", {}));
  CHECK(files.read("/www/index.html") == "content");
  CHECK(files.list("/www") == std::vector<std::string>{"index.html", "css"});
  CHECK(error_of(files.write("/www/index.html", "x")) == Error::read_only);
}

}  // namespace
