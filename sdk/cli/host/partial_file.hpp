// A file that is complete or not there.
#pragma once

#include <filesystem>

namespace toro::cli {

/// What becomes `output`, beside it, while it is not complete: gone again unless all went well.
class PartialFile {
 public:
  /// Empty at first. Throws Failure where no such file can be made.
  explicit PartialFile(std::filesystem::path output);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  [[nodiscard]] const std::filesystem::path& path() const { return partial_; }
  /// Takes the place of what `output` was.
  void complete() { std::filesystem::rename(partial_, output_); }

 private:
  std::filesystem::path output_;
  std::filesystem::path partial_;
};

}  // namespace toro::cli
