// Files by Toro's own functions, from any core.
#include <toro/cores.hpp>
#include <toro/file.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using toro::File;
using toro::OpenMode;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST_CASE("a file is written, read back and removed") {
  {
    auto file = File::open("/tmp/api", OpenMode::read | OpenMode::write | OpenMode::create);
    REQUIRE(file);
    CHECK(file->write(bytes("hello")) == 5);
    char text[8];
    CHECK(file->read_at(1, std::as_writable_bytes(std::span(text))) == 4);
    CHECK(std::string_view(text, 4) == "ello");
    CHECK(file->attributes()->size == 5);
    CHECK(file->sync());
  }
  REQUIRE(toro::rename("/tmp/api", "/tmp/renamed"));
  CHECK(toro::attributes("/tmp/api").error() == toro::FileError::no_entry);
  CHECK(toro::remove("/tmp/renamed"));
}

TEST_CASE("a directory is listed without its dots") {
  REQUIRE(toro::make_directory("/tmp/d"));
  for (const char* name : {"/tmp/d/a", "/tmp/d/b"}) CHECK(File::open(name, OpenMode::write | OpenMode::create));
  {
    auto directory = toro::Directory::open("/tmp/d");
    REQUIRE(directory);
    std::vector<std::string> found;
    for (auto entry = directory->next(); entry && *entry; entry = directory->next())
      found.emplace_back((*entry)->name());
    CHECK(found == std::vector<std::string>{"a", "b"});
  }
  CHECK(toro::remove("/tmp/d").error() == toro::FileError::not_empty);
  for (const char* name : {"/tmp/d/a", "/tmp/d/b", "/tmp/d"}) CHECK(toro::remove(name));
}

TEST_CASE("calls of other cores are carried to the core of the mount and back") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    const std::string path = "/tmp/core" + std::to_string(core);
    const bool written = toro::run_on(core, [&] {
      auto file = File::open(path, OpenMode::write | OpenMode::create);
      return file && file->write(bytes("from there")) == 10;
    });
    CHECK(written);
    char text[16];
    auto file = File::open(path);
    REQUIRE(file);
    CHECK(file->read(std::as_writable_bytes(std::span(text))) == 10);
    CHECK(std::string_view(text, 10) == "from there");
    CHECK(toro::remove(path));
  }
}

}  // namespace
