// From a path to a node. [POSIX.1-2017 §4.13, path_resolution(7)]
#include "kernel/filesystem/walk.hpp"

#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {
namespace {

constexpr std::uint32_t kMostLinks = 40;  // [path_resolution(7)]

}  // namespace

Walk::~Walk() {
  leave_mount();
}

void Walk::leave_mount() {
  if (mount_ == nullptr) return;
  const Node node = found_.node;
  mount_->run([&] { return mount_->filesystem->release(node), true; });
  names_.leave(*mount_);
  mount_ = nullptr;
}

/// `found` is held by the walk from now on; on the mount's core.
void Walk::move_to(Found found) {
  mount_->filesystem->release(found_.node);
  found_ = found;
}

Result<> Walk::prepend(std::string_view text) {
  if (text.size() > begin_) return failure(Error::name_too_long);
  begin_ -= text.size();
  std::memcpy(rest_ + begin_, text.data(), text.size());
  return {};
}

/// Goes on at the mount that the canonical path lies in, from its root.
Result<> Walk::enter() {
  leave_mount();
  mount_ = &names_.mount_of(canonical());
  found_ = {mount_->filesystem->root(), FileType::directory};
  mount_->run([&] { return mount_->filesystem->hold(found_.node), true; });
  const std::string_view below = canonical().substr(mount_->path.view().size());
  size_ -= below.size();
  crossed_ = false;
  if (below.empty()) return {};
  TRY(prepend("/"));  // what is entered is a directory
  return prepend(below);
}

Result<> Walk::go(std::string_view start, std::string_view path) {
  if (path.empty()) return failure(Error::no_entry);
  if (path.size() >= kMostPath) return failure(Error::name_too_long);
  begin_ = sizeof rest_;
  TRY(prepend(path));
  std::memcpy(text_, start.data(), start.size());
  size_ = path.front() == '/' ? 0 : start.size();
  crossed_ = true;
  return go_on();
}

Result<> Walk::go_on() {
  done_ = false;
  while (!done_) {
    if (crossed_) TRY(enter());
    TRY(mount_->run([&] { return walk_mount(); }));
  }
  return {};
}

/// As far as the mount reaches; on its core.
Result<> Walk::walk_mount() {
  while (!crossed_) {
    while (!rest().empty() && rest().front() == '/') ++begin_;
    const std::string_view left = rest();
    if (left.empty()) {
      name_ = {};
      if (found_.type != FileType::directory && must_be_directory_) return failure(Error::not_directory);
      done_ = true;
      return {};
    }
    const std::string_view name = left.substr(0, left.find('/'));
    const bool is_last = left.find_first_not_of('/', name.size()) == std::string_view::npos;
    if (is_last) must_be_directory_ = name.size() < left.size();
    if (name.size() > kMostName) return failure(Error::name_too_long);
    if (found_.type != FileType::directory) return failure(Error::not_directory);
    if (is_last && last_ == Last::parent) {
      name_ = name;
      begin_ += name.size();
      done_ = true;
      return {};
    }
    begin_ += name.size();
    if (name == ".") continue;
    if (name == "..")
      TRY(go_up());
    else
      TRY(step(name, is_last));
  }
  return {};
}

Result<> Walk::go_up() {
  while (size_ > 0 && text_[size_ - 1] != '/') --size_;
  if (size_ > 0) --size_;
  crossed_ = true;  // also where it is the same mount: directories are found from above only
  return {};
}

Result<> Walk::step(std::string_view name, bool is_last) {
  const Found next = TRY(mount_->filesystem->lookup(found_.node, name));
  if (next.type == FileType::symlink && (!is_last || last_ != Last::keep || must_be_directory_)) {
    auto pushed = push_link(next.node);
    mount_->filesystem->release(next.node);
    return pushed;
  }
  if (size_ + 1 + name.size() >= sizeof text_) {
    mount_->filesystem->release(next.node);
    return failure(Error::name_too_long);
  }
  text_[size_] = '/';
  std::memcpy(text_ + size_ + 1, name.data(), name.size());
  size_ += 1 + name.size();
  move_to(next);
  crossed_ = next.type == FileType::directory && names_.is_mounted(canonical());
  return {};
}

Result<> Walk::push_link(Node link) {
  if (++links_ > kMostLinks) return failure(Error::too_many_symlinks);
  const std::size_t size = TRY(mount_->filesystem->read_link(link, {rest_, begin_}));
  if (size == 0) return failure(Error::no_entry);
  if (size > begin_) return failure(Error::name_too_long);
  begin_ -= size;
  std::memmove(rest_ + begin_, rest_, size);
  if (rest_[begin_] == '/') {
    size_ = 0;
    crossed_ = true;
  }
  return {};
}

}  // namespace toro::filesystem
