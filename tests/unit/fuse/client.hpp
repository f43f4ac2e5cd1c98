// A namespace whose root is a fake server's.
#pragma once

#include <doctest/doctest.h>

#include "kernel/filesystem/fuse/fuse_filesystem.hpp"
#include "tests/unit/filesystem/names.hpp"
#include "tests/unit/fuse/fake_server.hpp"

namespace toro::filesystem {

extern std::int64_t clock_step;  ///< nanoseconds between two looks at the tests' clock

}  // namespace toro::filesystem

namespace toro::filesystem::fuse::test {

struct Client {
  FakeServer server;
  FuseFilesystem& filesystem = *make<FuseFilesystem>(server);
  Names files{filesystem};
  Namespace& names = files.names;

  Client() {
    clock_step = 1'000'000;  // what a server says is valid for a second is so for a while
    REQUIRE(filesystem.start());
  }
  ~Client() { filesystem.destroy(); }

  Error error_of(auto result) {
    REQUIRE_FALSE(result);
    return result.error();
  }
};

}  // namespace toro::filesystem::fuse::test
