// The files of a good server.
#include "kernel/filesystem/fuse/convert.hpp"
#include "tests/unit/filesystem/model.hpp"
#include "tests/unit/fuse/client.hpp"

namespace {

using namespace toro::filesystem;
using namespace toro::filesystem::fuse;
using fuse::test::Client;
using toro::FileType;
using toro::OpenMode;
using toro::SeekFrom;

TEST_CASE_FIXTURE(Client, "fuse: a file is made, written, read, cut and made longer") {
  REQUIRE(files.write("/a", "hello"));
  CHECK(server.open_handles() == 0);
  CHECK(files.read("/a") == "hello");
  REQUIRE(files.write("/a", "X", 10000));
  CHECK(files.read("/a")->size() == 10001);
  REQUIRE(names.truncate({"", "/a"}, 3));
  REQUIRE(names.truncate({"", "/a"}, 6));
  CHECK(files.read("/a") == std::string("hel\0\0\0", 6));
  CHECK(server.open_handles() == 0);
  CHECK(error_of(files.read("/none")) == Error::no_entry);
  CHECK(error_of(files.read(std::string_view("/a\0b", 4))) == Error::invalid);
}

TEST_CASE_FIXTURE(Client, "fuse: what is longer than a request is cut into several") {
  std::string text((3U << 20) + 5, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 / 64);
  REQUIRE(files.write("/long", text));
  CHECK(server.asked[Opcode::write] == 4);
  CHECK(files.read("/long") == text);
  CHECK(server.asked[Opcode::read] == 4);
}

TEST_CASE_FIXTURE(Client, "fuse: links, and what is open outlives its name") {
  REQUIRE(files.write("/a", "text"));
  REQUIRE(names.link({"", "/a"}, Last::keep, {"", "/b"}));
  CHECK(names.attributes({"", "/a"}, Last::keep)->links == 2);
  REQUIRE(names.make_symlink("b", {"", "/l"}));
  CHECK(files.read("/l") == "text");
  char target[8];
  CHECK(*names.read_link({"", "/l"}, target) == 1);
  OpenFile& file = **names.open({"", "/a"}, OpenMode::read, 0);
  REQUIRE(names.unlink({"", "/a"}, false));
  REQUIRE(names.unlink({"", "/b"}, false));
  CHECK(names.attributes(file)->links == 0);
  char text[4];
  CHECK(*names.read(file, std::as_writable_bytes(std::span(text))) == 4);
  names.close(file);
  CHECK(error_of(files.read("/l")) == Error::no_entry);
  CHECK(error_of(files.read("/a")) == Error::no_entry);
}

TEST_CASE_FIXTURE(Client, "fuse: directories are made, listed, renamed and removed") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back("file" + std::to_string(i));
    REQUIRE(files.write("/d/" + expected.back(), "x"));
  }
  for (const bool plus : {true, false}) {
    CAPTURE(plus);
    if (!plus) {
      server.capabilities.flags = std::to_underlying(Flag::most_pages);
      REQUIRE(filesystem.start());
    }
    CHECK(files.list("/d") == expected);
  }
  CHECK(server.asked[Opcode::read_directory_plus] == 1);  // none of the first files was looked at
  CHECK(server.asked[Opcode::read_directory] > 2);
  CHECK(server.open_handles() == 0);
  REQUIRE(names.rename({"", "/d"}, {"", "/e"}));
  CHECK(error_of(files.list("/d")) == Error::no_entry);
  CHECK(files.read("/e/file7") == "x");
  CHECK(error_of(names.unlink({"", "/e"}, true)) == Error::not_empty);
  for (const auto& name : expected) REQUIRE(names.unlink({"", "/e/" + name}, false));
  REQUIRE(names.unlink({"", "/e"}, true));
  CHECK(files.list("/")->empty());
}

TEST_CASE_FIXTURE(Client, "fuse: what was there before is removed and renamed unseen") {
  for (const char* name : {"a", "b"}) server.files.release(server.files.create(server.files.root(), name, {})->node);
  REQUIRE(names.unlink({"", "/a"}, false));
  REQUIRE(names.rename({"", "/b"}, {"", "/c"}));
  CHECK(error_of(names.unlink({"", "/a"}, false)) == Error::no_entry);
  CHECK(error_of(names.rename({"", "/b"}, {"", "/d"})) == Error::no_entry);
  CHECK(names.unlink({"", "/c"}, false));
}

TEST_CASE_FIXTURE(Client, "fuse: a directory is read entry by entry, by two at a time, and from its beginning again") {
  for (int i = 0; i < 20; ++i) REQUIRE(files.write("/f" + std::to_string(i), ""));
  struct One {
    std::string name;
  };
  const auto next = [&](OpenFile& file) {
    One one;
    const auto add = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
      auto& to = *static_cast<One*>(context);
      if (!to.name.empty()) return false;
      to.name = name;
      return true;
    };
    REQUIRE(names.read_directory(file, {&one, add}));
    return one.name;
  };
  OpenFile& a = **names.open({"", "/"}, OpenMode::read, 0);
  OpenFile& b = **names.open({"", "/"}, OpenMode::read, 0);
  CHECK(next(a) == ".");
  CHECK(next(a) == "..");
  for (int i = 0; i < 20; ++i) {
    CHECK(next(a) == "f" + std::to_string(i));
    if (i % 3 == 0) CHECK_FALSE(next(b).empty());
  }
  CHECK(next(a).empty());
  REQUIRE(names.seek(a, 0, SeekFrom::start));
  CHECK(next(a) == ".");
  names.close(a);
  names.close(b);
}

TEST_CASE_FIXTURE(Client, "fuse: names and attributes are asked for once while they are valid") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  REQUIRE(files.write("/d/f", "1"));
  server.asked.clear();
  for (int i = 0; i < 5; ++i) CHECK(names.attributes({"", "/d/f"}, Last::keep)->size == 1);
  CHECK(server.asked[Opcode::lookup] <= 2);
  CHECK(server.asked[Opcode::get_attributes] <= 1);
  REQUIRE(files.write("/d/f", "123"));
  CHECK(names.attributes({"", "/d/f"}, Last::keep)->size == 3);
  REQUIRE(names.unlink({"", "/d/f"}, false));
  CHECK(error_of(names.attributes({"", "/d/f"}, Last::keep)) == Error::no_entry);
  REQUIRE(files.write("/d/f", "another"));
  CHECK(files.read("/d/f") == "another");

  server.valid_seconds = 0;
  REQUIRE(files.write("/d/g", "1"));
  server.asked.clear();
  for (int i = 0; i < 5; ++i) CHECK(names.attributes({"", "/d/g"}, Last::keep)->size == 1);
  CHECK(server.asked[Opcode::lookup] >= 5);
  CHECK(server.asked[Opcode::get_attributes] == 5);
}

TEST_CASE_FIXTURE(Client, "fuse: a file that is new is made by one request") {
  server.asked.clear();
  REQUIRE(files.write("/new", "1"));
  CHECK(server.asked[Opcode::lookup] == 0);
  CHECK(server.asked[Opcode::create] == 1);
  CHECK(server.asked[Opcode::open] == 0);
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  CHECK(error_of(files.write("/d", "1")) == Error::is_directory);
  server.valid_seconds = 0;
  REQUIRE(files.write("/new", "23", 1));
  CHECK(files.read("/new") == "123");
}

TEST_CASE_FIXTURE(Client, "fuse: listing a directory says what its files are") {
  for (int i = 0; i < 50; ++i) REQUIRE(files.write("/f" + std::to_string(i), "x"));
  REQUIRE(files.list("/"));
  server.asked.clear();
  for (int i = 0; i < 50; ++i) CHECK(names.attributes({"", "/f" + std::to_string(i)}, Last::keep)->size == 1);
  CHECK(server.asked[Opcode::lookup] == 0);
  CHECK(server.asked[Opcode::get_attributes] == 0);
}

TEST_CASE_FIXTURE(Client, "fuse: who looks at files while they are listed is told of those that follow too") {
  for (int i = 0; i < 1000; ++i) REQUIRE(files.write("/f" + std::to_string(i), "x"));
  server.asked.clear();
  OpenFile* const file = *names.open({"", "/"}, OpenMode::read | OpenMode::directory, 0);
  std::string last;
  const auto one = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
    auto& taken = *static_cast<std::string*>(context);
    return taken.empty() && (taken = name, true);
  };
  unsigned found = 0;
  for (;; ++found) {
    last.clear();
    REQUIRE(names.read_directory(*file, {&last, one}));
    if (last.empty()) break;
    CHECK(names.attributes({"", "/" + last}, Last::keep));
  }
  names.close(*file);
  CHECK(found == 1002);
  CHECK(server.asked[Opcode::lookup] == 0);
  CHECK(server.asked[Opcode::read_directory] == 0);
}

TEST_CASE_FIXTURE(Client, "fuse: who looks up many names of a directory is told more of them at a time") {
  clock_step = 1000;
  for (int i = 0; i < 1000; ++i) REQUIRE(files.write("/f" + std::to_string(i), "x"));
  server.asked.clear();
  clock_step = 10'000'000'000;
  for (int i = 0; i < 40; ++i) CHECK(names.attributes({"", "/f" + std::to_string(i)}, Last::keep)->size == 1);
  CHECK(server.asked[Opcode::lookup] == 40);  // not many within a second
  CHECK(server.asked[Opcode::read_directory_plus] == 0);
  clock_step = 1000;
  server.asked.clear();
  for (int i = 0; i < 1000; ++i) CHECK(names.attributes({"", "/f" + std::to_string(i)}, Last::keep)->size == 1);
  CHECK(server.asked[Opcode::lookup] < 50);
  CHECK(server.asked[Opcode::read_directory_plus] < 20);
}

TEST_CASE_FIXTURE(Client, "fuse: mode, owner, times; fsync; statistics") {
  REQUIRE(files.write("/f", "x"));
  REQUIRE(names.change({"", "/f"}, Last::keep,
                       {.mode = 0600, .user = 7, .group = 8, .accessed = 1, .modified = 5'000'000'123}));
  const auto attributes = *names.attributes({"", "/f"}, Last::keep);
  CHECK(attributes.mode == 0600);
  CHECK(attributes.user == 7);
  CHECK(attributes.group == 8);
  CHECK(attributes.modified == 5'000'000'123);
  OpenFile& file = **names.open({"", "/f"}, OpenMode::write | OpenMode::append | OpenMode::synchronous, 0);
  REQUIRE(names.write(file, std::as_bytes(std::span("yz", 2))));
  CHECK(server.asked[Opcode::sync_file] == 1);
  names.close(file);
  CHECK(files.read("/f") == "xyz");
  OpenFile& directory = **names.open({"", "/"}, OpenMode::read, 0);
  REQUIRE(names.sync(directory));
  CHECK(server.asked[Opcode::sync_directory] == 1);
  names.close(directory);
  REQUIRE(names.sync());
  CHECK(server.asked[Opcode::sync_all] == 1);
  CHECK(names.statistics({"", "/"})->free_blocks == 400);
}

TEST_CASE("fuse: times before 1970 and far away") {
  const WireTime before = wire_time(-1);
  CHECK(static_cast<std::int64_t>(before.seconds) == -1);
  CHECK(before.nanoseconds == 999'999'999);
  CHECK(attributes_of({.modified = before.seconds, .modified_nanoseconds = before.nanoseconds}).modified == -1);
  CHECK(attributes_of({.modified = ~std::uint64_t{0} >> 1, .modified_nanoseconds = ~0U}).modified > 0);
  CHECK(attributes_of({.modified = std::uint64_t{1} << 63}).modified < 0);
  CHECK(valid_until(1000, ~std::uint64_t{0}, ~0U) > 1000);
}

TEST_CASE("fuse: 100,000 random operations do what a model does") {
  fuse::test::FakeServer server;
  auto& filesystem = *make<FuseFilesystem>(server);
  REQUIRE(filesystem.start());
  {
    toro::filesystem::Names files(filesystem);
    toro::filesystem::Model model(1);
    for (unsigned i = 0; i < 100'000; ++i) {
      CAPTURE(i);
      model.step(files);
      if (i % 10'000 == 9'999) model.compare(files);
    }
  }
  filesystem.destroy();
  CHECK(server.open_handles() == 0);
  CHECK(server.lookups() == 0);
}

TEST_CASE("fuse: everything is given back, also of more names than are kept") {
  test::FakeServer server;
  auto& filesystem = *make<FuseFilesystem>(server);
  REQUIRE(filesystem.start());
  server.valid_seconds = 1'000'000;
  for (int i = 0; i < 20'000; ++i) {
    const auto made = filesystem.create(filesystem.root(), std::to_string(i), {.mode = 0644});
    REQUIRE(made);
    filesystem.release(made->node);
  }
  CHECK(server.open_handles() == 0);
  CHECK(server.lookups() < 17'000);
  filesystem.destroy();
  CHECK(server.lookups() == 0);
}

}  // namespace
