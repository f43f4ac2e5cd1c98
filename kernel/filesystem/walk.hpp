// From a path to a node: component by component, through links and mounts.
#pragma once

#include "kernel/filesystem/mount.hpp"

namespace toro::filesystem {

class Namespace;

/// What becomes of the last component.
enum class Last : std::uint8_t {
  follow,  ///< found, and where it is a symbolic link, what that leads to
  keep,    ///< found, also a symbolic link itself
  parent,  ///< not looked up: the walk ends in the directory that has or will have it
};

/// One walk. About 13 KiB: on the heap.
class Walk {
 public:
  Walk(Namespace& names, Last last) : names_(names), last_(last) {}
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk();

  /// Walks from the canonical path `start`. Afterwards:
  [[nodiscard]] Result<> go(std::string_view start, std::string_view path);
  /// What was found, held while this lives.
  [[nodiscard]] Mount& mount() { return *mount_; }
  [[nodiscard]] Node node() const { return found_.node; }
  [[nodiscard]] FileType type() const { return found_.type; }
  /// Its path, without links.
  [[nodiscard]] std::string_view canonical() const { return {text_, size_}; }
  /// Last::parent: the last component; empty when the path has none.
  [[nodiscard]] std::string_view name() const { return name_; }
  /// The path ends in a slash: it must be a directory.
  [[nodiscard]] bool must_be_directory() const { return must_be_directory_; }
  /// After Last::parent: goes on through the symbolic link `link` that its name is, held by the caller, on the mount's
  /// core.
  [[nodiscard]] Result<> push_link(Node link);
  [[nodiscard]] Result<> go_on();

 private:
  [[nodiscard]] Result<> prepend(std::string_view text);
  [[nodiscard]] Result<> enter();
  [[nodiscard]] Result<> walk_mount();
  [[nodiscard]] Result<> step(std::string_view name, bool is_last);
  [[nodiscard]] Result<> go_up();
  [[nodiscard]] std::string_view rest() const { return {rest_ + begin_, sizeof rest_ - begin_}; }
  void leave_mount();
  void move_to(Found found);

  Namespace& names_;
  Last last_;
  Mount* mount_ = nullptr;
  Found found_;
  bool crossed_ = false;  ///< what comes next is of another mount
  bool done_ = false;
  bool must_be_directory_ = false;
  std::uint32_t links_ = 0;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;  ///< of what is left in rest_
  std::string_view name_;
  char text_[kMostPath];
  char rest_[2 * kMostPath];
};

}  // namespace toro::filesystem
