// A medium in memory, which can be put into a file for the tools that judge it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "kernel/filesystem/medium.hpp"

namespace toro::filesystem {

class MediumInMemory final : public Medium {
 public:
  explicit MediumInMemory(std::size_t size) : bytes(size) {}

  [[nodiscard]] std::uint64_t size() const override { return bytes.size(); }
  [[nodiscard]] bool is_read_only() const override { return false; }
  [[nodiscard]] Result<> read(std::uint64_t offset, std::span<std::byte> to) override {
    if (offset > bytes.size() || to.size() > bytes.size() - offset) return failure(Error::damaged);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
    return {};
  }
  [[nodiscard]] Result<> write(std::uint64_t offset, std::span<const std::byte> from) override {
    if (writes_left == 0) return failure(Error::io_error);
    --writes_left;
    if (offset > bytes.size() || from.size() > bytes.size() - offset) return failure(Error::damaged);
    std::ranges::copy(from, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }
  [[nodiscard]] Result<> flush() override { return {}; }

  std::vector<std::byte> bytes;
  std::uint64_t writes_left = ~std::uint64_t{0};  ///< until the first one that fails
};

/// A folder that is gone with this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "toro-test-XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

/// What a program printed, and its status.
struct Ran {
  std::string output;
  int status = -1;
};
inline Ran run(const std::string& command) {
  Ran ran;
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  char text[4096];
  while (const std::size_t size = std::fread(text, 1, sizeof text, pipe)) ran.output.append(text, size);
  ran.status = ::pclose(pipe);
  return ran;
}

inline void save(const MediumInMemory& medium, const std::filesystem::path& path) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(medium.bytes.data()), static_cast<std::streamsize>(medium.bytes.size()));
}
inline void load(MediumInMemory& medium, const std::filesystem::path& path) {
  medium.bytes.resize(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(medium.bytes.data()), static_cast<std::streamsize>(medium.bytes.size()));
}

}  // namespace toro::filesystem
