// A file that is complete or not there.
#include "sdk/cli/host/partial_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <format>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {

namespace fs = std::filesystem;

PartialFile::PartialFile(fs::path output)
    : output_(std::move(output)), partial_(std::format("{}.part-{}", output_.string(), getpid())) {
  if (fs::is_directory(output_))
    throw Failure(std::format("{} was expected to be a file: it is a folder", output_.string()));
  const FileDescriptor file(open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) throw Failure(std::format("{} was expected to be writable: {}", output_.string(), std::strerror(errno)));
}

PartialFile::~PartialFile() {
  std::error_code ignored;
  fs::remove(partial_, ignored);
}

}  // namespace toro::cli
