// std::filesystem, std::fstream and stdio on the kernel's files.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

TEST_CASE("streams write and read") {
  {
    std::ofstream out("/tmp/stream");
    for (int i = 0; i < 10000; ++i) out << i << '\n';
    CHECK(out.flush());
  }
  std::ifstream in("/tmp/stream");
  long sum = 0;
  for (int value; in >> value;) sum += value;
  CHECK(sum == 49995000);
  CHECK(fs::file_size("/tmp/stream") == 48890);
  CHECK(fs::remove("/tmp/stream"));
  CHECK_FALSE(std::ifstream("/tmp/stream").is_open());
}

TEST_CASE("stdio: append, update, seek, rename, remove") {
  std::FILE* file = std::fopen("/tmp/stdio", "w+");
  REQUIRE(file != nullptr);
  CHECK(std::fputs("0123456789", file) >= 0);
  CHECK(std::fseek(file, 4, SEEK_SET) == 0);
  CHECK(std::fputc('X', file) == 'X');
  CHECK(std::fseek(file, -6, SEEK_END) == 0);
  CHECK(std::fgetc(file) == 'X');
  CHECK(std::fclose(file) == 0);
  file = std::fopen("/tmp/stdio", "a");
  REQUIRE(file != nullptr);
  CHECK(std::fputs("end", file) >= 0);
  CHECK(std::fclose(file) == 0);
  CHECK(std::rename("/tmp/stdio", "/tmp/stdio2") == 0);
  CHECK(fs::file_size("/tmp/stdio2") == 13);
  CHECK(std::remove("/tmp/stdio2") == 0);
}

TEST_CASE("std::filesystem makes, walks, copies and removes trees") {
  const fs::path root = "/tmp/tree";
  CHECK(fs::create_directories(root / "a" / "b"));
  std::ofstream(root / "a" / "file") << "content";
  fs::create_symlink("a/file", root / "link");
  fs::create_hard_link(root / "a" / "file", root / "hard");
  CHECK(fs::hard_link_count(root / "hard") == 2);
  CHECK(fs::is_symlink(root / "link"));
  CHECK(fs::read_symlink(root / "link") == "a/file");
  CHECK(fs::canonical(root / "link") == root / "a" / "file");
  int entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(root)) ++entries;
  CHECK(entries == 5);
  fs::permissions(root / "hard", fs::perms::owner_read);
  CHECK(fs::status(root / "a" / "file").permissions() == fs::perms::owner_read);
  CHECK(fs::copy_file(root / "a" / "file", root / "copy"));
  CHECK(fs::file_size(root / "copy") == 7);
  CHECK(fs::remove(root / "copy"));
  fs::resize_file(root / "hard", 3);
  CHECK(fs::file_size(root / "link") == 3);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(root / "hard", old);
  CHECK(fs::last_write_time(root / "hard") == old);
  CHECK(fs::remove_all(root) == 6);
  CHECK_FALSE(fs::exists(root));
}

TEST_CASE("the working directory") {
  CHECK(fs::current_path() == "/");
  fs::create_directory("/tmp/cwd");
  fs::current_path("/tmp/cwd");
  std::ofstream("relative") << "x";
  CHECK(fs::exists("/tmp/cwd/relative"));
  CHECK(fs::current_path() == "/tmp/cwd");
  fs::current_path("/");
  fs::remove_all("/tmp/cwd");
}

TEST_CASE("the image carries files") {
  std::string line;
  std::ifstream in("/carried.txt");
  CHECK(std::getline(in, line));
  CHECK(line == "carried by the image");
  CHECK(fs::file_size("/folder/some file") == 20);
  CHECK_FALSE(std::ofstream("/carried.txt").is_open());
}

}  // namespace
