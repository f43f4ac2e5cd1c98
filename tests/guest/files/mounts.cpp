// Mounting and unmounting, by Toro's functions and POSIX's.
#include <toro/cores.hpp>
#include <toro/mount.hpp>

#include <doctest/doctest.h>

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;
using toro::FileError;

TEST_CASE("what is mounted is seen instead of what was there") {
  fs::create_directory("/tmp/m");
  std::ofstream("/tmp/m/below") << "x";
  REQUIRE(toro::mount("none", "/tmp/m", {.kind = "memory"}));
  CHECK_FALSE(fs::exists("/tmp/m/below"));
  std::ofstream("/tmp/m/above") << "x";
  CHECK(toro::mount("none", "/tmp/m", {.kind = "memory"}).error() == FileError::busy);
  {
    const std::ofstream open("/tmp/m/above");
    CHECK(toro::unmount("/tmp/m").error() == FileError::busy);
  }
  CHECK(toro::unmount("/tmp/m/above").error() == FileError::not_directory);
  CHECK(toro::unmount("/tmp").error() == FileError::invalid);
  CHECK(toro::unmount("/tmp/m"));
  CHECK(fs::exists("/tmp/m/below"));
  CHECK(fs::remove_all("/tmp/m") == 2);
}

TEST_CASE("what cannot be mounted is refused") {
  CHECK(toro::mount("none", "/none", {.kind = "memory"}).error() == FileError::no_entry);
  CHECK(toro::mount("none", "/tmp", {.kind = "unheard of"}).error() == FileError::invalid);
  CHECK(toro::mount("none", "/tmp", {.kind = "memory", .core = toro::cores()}).error() == FileError::invalid);
  CHECK(toro::mount("no such disk", "/tmp").error() == FileError::no_device);
}

TEST_CASE("a filesystem runs on the core that it is given to") {
  fs::create_directory("/tmp/there");
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    REQUIRE(toro::mount("none", "/tmp/there", {.kind = "memory", .core = core}));
    for (std::uint32_t caller = 0; caller < toro::cores(); ++caller) {
      const std::string path = "/tmp/there/" + std::to_string(caller);
      CHECK(toro::run_on(caller, [&] {
        auto file = toro::File::open(path, toro::OpenMode::write | toro::OpenMode::create);
        return file && file->write(std::as_bytes(std::span("text", 4))) == 4;
      }));
      CHECK(fs::file_size(path) == 4);
    }
    CHECK(toro::unmount("/tmp/there"));
  }
  CHECK(fs::remove("/tmp/there"));
}

TEST_CASE("mount() and umount() of POSIX") {
  fs::create_directory("/tmp/posix");
  REQUIRE(mount("none", "/tmp/posix", "memory", MS_RDONLY, nullptr) == 0);
  CHECK_FALSE(std::ofstream("/tmp/posix/x").is_open());
  CHECK(umount("/tmp/posix") == 0);
  CHECK(umount("/tmp/posix") == -1);
  CHECK(errno == EINVAL);
  CHECK(mount("none", "/tmp/posix", "memory", 0, "core=0") == 0);
  CHECK(std::ofstream("/tmp/posix/x").is_open());
  CHECK(umount2("/tmp/posix", 0) == 0);
  CHECK(mount("none", "/tmp/posix", "memory", 0, "core=x") == -1);
  CHECK(errno == EINVAL);
  CHECK(mount("none", "/tmp/posix", nullptr, MS_REMOUNT, nullptr) == -1);
  CHECK(fs::remove("/tmp/posix"));
}

}  // namespace
