// An ext2 volume in memory, made by mke2fs and checked by e2fsck.
#pragma once

#include "kernel/filesystem/ext2/ext2.hpp"
#include "tests/unit/filesystem/image.hpp"
#include "tests/unit/filesystem/names.hpp"

namespace toro::filesystem {

class Ext2Volume {
 public:
  /// `options` are mke2fs's; `size` as it takes it: "16M".
  explicit Ext2Volume(const std::string& options, const std::string& size = "16M") {
    const std::string image = folder_.path / "image";
    INFO(options);
    REQUIRE(run("mke2fs -q -F -t ext2 " + options + " " + image + " " + size) == 0);
    medium_.emplace(load(image));
    mount();
  }
  ~Ext2Volume() { unmount(); }

  void mount(Access access = Access::read_write) {
    const auto opened = ext2::Ext2::open(*medium_, access, cache_bytes);
    REQUIRE(opened);
    filesystem_ = static_cast<ext2::Ext2*>(opened->filesystem);
    files_.emplace(*filesystem_);
    files_->root.read_only = opened->access == Access::read_only;
  }
  void unmount() {
    if (filesystem_ == nullptr) return;
    finished = filesystem_->finish();
    filesystem_->destroy();
    filesystem_ = nullptr;
    files_.reset();
  }
  /// Unmounts, has e2fsck look at it, and mounts it again.
  void check() {
    unmount();
    CHECK(finished);
    CHECK(fsck() == 0);
    mount();
  }
  [[nodiscard]] int fsck() {
    const std::string image = folder_.path / "checked";
    save(image, medium_->content);
    const std::string said = folder_.path / "said";
    const int status = run("{ e2fsck -fn " + image + "; } > " + said + " 2>&1");
    if (status != 0) {
      const auto text = load(said);
      MESSAGE(std::string(reinterpret_cast<const char*>(text.data()), text.size()));
    }
    return status;
  }
  /// What debugfs makes of `command`.
  [[nodiscard]] std::string debugfs(const std::string& command) {
    const std::string image = folder_.path / "checked";
    save(image, medium_->content);
    REQUIRE(run("debugfs -R '" + command + "' " + image + " > " + std::string(folder_.path / "out")) == 0);
    const auto out = load(folder_.path / "out");
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }

  [[nodiscard]] Names& files() { return *files_; }
  [[nodiscard]] Namespace& names() { return files_->names; }
  [[nodiscard]] ext2::Ext2& filesystem() { return *filesystem_; }
  [[nodiscard]] TestMedium& medium() { return *medium_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path; }

  Result<> finished;
  std::size_t cache_bytes = std::size_t{256} << 10;

 private:
  Folder folder_;
  std::optional<TestMedium> medium_;
  ext2::Ext2* filesystem_ = nullptr;
  std::optional<Names> files_;
};

}  // namespace toro::filesystem
