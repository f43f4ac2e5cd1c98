// Makes and removes a run's folder.
#include "sdk/cli/guest/run_directory.hpp"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <string>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

RunDirectory::RunDirectory() {
  // Socket paths have 107 bytes at most [unix(7)] and QEMU's options split at commas, so not TMPDIR, which may be
  // anything.
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::string base = runtime != nullptr ? runtime : "";
  std::error_code ignored;
  if (base.empty() || base.size() > 60 || base.contains(',') || !std::filesystem::is_directory(base, ignored))
    base = "/tmp";
  for (std::string pattern : {base + "/toro-XXXXXX", std::string("/tmp/toro-XXXXXX")}) {
    if (mkdtemp(pattern.data()) == nullptr) continue;
    path_ = pattern;
    return;
  }
  throw Failure(std::format("a folder below /tmp was expected to be possible: {}", std::strerror(errno)));
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace toro::cli
