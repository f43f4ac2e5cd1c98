// What can be done by a path.
#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {
namespace {

constexpr std::uint32_t kPermissions = 07777;

bool contains(std::string_view directory, std::string_view path) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

Result<> writable(const Mount& mount) {
  if (mount.read_only) return failure(Error::read_only);
  return {};
}

Result<Owned<Walk>> walk_to(Namespace& names, Path path, Last last) {
  Owned<Walk> walk(static_cast<Walk*>(heap::allocate(sizeof(Walk), alignof(Walk))));
  if (walk == nullptr) return failure(Error::no_memory);
  new (walk.get()) Walk(names, last);
  TRY(walk->go(path.start, path.path));
  return walk;
}

bool is_dots(std::string_view name) {
  return name == "." || name == "..";
}

FileAttributes of_mount(FileAttributes attributes, const Mount& mount) {
  attributes.device = mount.number;
  return attributes;
}

/// On the mount's core.
Result<FoundOrMade> find_or_create(Mount& mount, Node directory, std::string_view name, OpenMode mode,
                                   std::uint32_t permissions) {
  Filesystem& filesystem = *mount.filesystem;
  if (mount.read_only) {
    const auto found = filesystem.lookup(directory, name);
    if (!found) return failure(found.error() == Error::no_entry ? Error::read_only : found.error());
    if (!has(mode, OpenMode::exclusive)) return FoundOrMade{*found};
    filesystem.release(found->node);
    return failure(Error::exists);
  }
  if (!has(mode, OpenMode::exclusive)) return filesystem.lookup_or_create(directory, name, permissions);
  return FoundOrMade{TRY(filesystem.create(directory, name, {.type = FileType::regular, .mode = permissions})), true};
}

}  // namespace

Mount& Namespace::mount_of(std::string_view canonical) {
  const MountsLock lock;
  Mount* deepest = nullptr;
  for (Mount* mount = mounts_; mount != nullptr; mount = mount->next)
    if (contains(mount->path.view(), canonical) &&
        (deepest == nullptr || mount->path.view().size() >= deepest->path.view().size()))
      deepest = mount;
  deepest->open.fetch_add(1, std::memory_order_relaxed);
  return *deepest;  // the first mount is "/"
}

bool Namespace::is_mounted(std::string_view canonical) {
  const MountsLock lock;
  for (const Mount* mount = mounts_; mount != nullptr; mount = mount->next)
    if (mount->path.view() == canonical) return true;
  return false;
}

Result<> Namespace::mount(Mount& mount) {
  if (mounts_ != nullptr) {
    const std::string_view path = mount.path.view();
    if (!path.empty()) {
      const auto walk = TRY(walk_to(*this, {"", path}, Last::follow));
      if (walk->type() != FileType::directory) return failure(Error::not_directory);
      mount.path = TRY(Text::copy(walk->canonical()));
    }
  }
  const MountsLock lock;
  Mount** last = &mounts_;
  for (; *last != nullptr; last = &(*last)->next)  // only on "/" more than one can lie: the last one counts
    if (!mount.path.view().empty() && (*last)->path.view() == mount.path.view()) return failure(Error::busy);
  mount.number = next_number_++;
  *last = &mount;
  return {};
}

Result<Mount*> Namespace::unmount(std::string_view path) {
  const auto walk = TRY(walk_to(*this, {"", path}, Last::follow));
  Mount* const mount = &walk->mount();
  if (mount->path.view() != walk->canonical()) return failure(Error::invalid);
  const MountsLock lock;
  const std::uint32_t own = 1;  // the walk's, which keeps others from unmounting it meanwhile
  if (mount->open.load(std::memory_order_acquire) != own) return failure(Error::busy);
  for (const Mount* other = mounts_; other != nullptr; other = other->next)
    if (other != mount && contains(mount->path.view(), other->path.view())) return failure(Error::busy);
  for (Mount** link = &mounts_; *link != nullptr; link = &(*link)->next)
    if (*link == mount) {
      *link = mount->next;
      return mount;
    }
  return failure(Error::invalid);
}

Result<OpenFile*> Namespace::open_found(Walk& walk, OpenMode mode) {
  Mount& mount = walk.mount();
  const bool is_directory = walk.type() == FileType::directory;
  const bool writes = has(mode, OpenMode::write) || has(mode, OpenMode::truncate);
  if (walk.type() == FileType::symlink) return failure(Error::too_many_symlinks);
  if (is_directory && writes) return failure(Error::is_directory);
  if (!is_directory && (has(mode, OpenMode::directory) || walk.must_be_directory()))
    return failure(Error::not_directory);
  if (writes) TRY(writable(mount));
  Owned<OpenFile> file(make<OpenFile>());
  if (file == nullptr) return failure(Error::no_memory);
  file->mount = &mount;
  file->node = walk.node();
  file->type = walk.type();
  file->mode = mode;
  if (is_directory) file->path = TRY(Text::copy(walk.canonical()));
  TRY(mount.run([&]() -> Result<> {
    if (has(mode, OpenMode::truncate)) TRY(mount.filesystem->truncate(walk.node(), 0));
    mount.filesystem->hold(walk.node());
    return {};
  }));
  mount.open.fetch_add(1, std::memory_order_relaxed);
  return file.release();
}

Result<OpenFile*> Namespace::open(Path path, OpenMode mode, std::uint32_t permissions) {
  const bool keeps_link = has(mode, OpenMode::no_follow);
  if (!has(mode, OpenMode::create)) {
    const auto walk = TRY(walk_to(*this, path, keeps_link ? Last::keep : Last::follow));
    return open_found(*walk, mode);
  }
  const auto walk = TRY(walk_to(*this, path, Last::parent));
  // Once more for each link that the last component is.
  for (;;) {
    Mount& mount = walk->mount();
    if (walk->name().empty() || is_dots(walk->name()) || walk->must_be_directory()) return failure(Error::is_directory);
    bool is_link = false;
    Filesystem& filesystem = *mount.filesystem;
    auto file = mount.run([&]() -> Result<OpenFile*> {
      const auto [found, created] =
          TRY(find_or_create(mount, walk->node(), walk->name(), mode, permissions & kPermissions));
      struct Hold {
        Filesystem& filesystem;
        Node node;
        ~Hold() { filesystem.release(node); }
      } const hold{filesystem, found.node};
      if (!created) {
        if (found.type == FileType::symlink) {
          if (keeps_link) return failure(Error::too_many_symlinks);
          is_link = true;
          TRY(walk->push_link(found.node));
          return nullptr;
        }
        if (found.type == FileType::directory) return failure(Error::is_directory);
        const bool writes = has(mode, OpenMode::write) || has(mode, OpenMode::truncate);
        if (writes) TRY(writable(mount));
        if (has(mode, OpenMode::directory)) return failure(Error::not_directory);
      }
      Owned<OpenFile> opened(make<OpenFile>());
      if (opened == nullptr) return failure(Error::no_memory);
      if (has(mode, OpenMode::truncate) && !created) TRY(filesystem.truncate(found.node, 0));
      opened->mount = &mount;
      opened->node = found.node;
      opened->type = found.type;
      opened->mode = mode;
      filesystem.hold(found.node);
      mount.open.fetch_add(1, std::memory_order_relaxed);
      return opened.release();
    });
    if (!is_link || !file) return file;
    TRY(walk->go_on());
  }
}

void Namespace::close(OpenFile& file) {
  if (file.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Mount& mount = *file.mount;
  const Node node = file.node;
  mount.run([&] { return mount.filesystem->release(node), true; });
  leave(mount);
  dispose(&file);
}

Result<FileAttributes> Namespace::attributes(Path path, Last last) {
  const auto walk = TRY(walk_to(*this, path, last));
  Mount& mount = walk->mount();
  return mount.run([&] { return mount.filesystem->attributes(walk->node()); }).transform([&](auto found) {
    return of_mount(found, mount);
  });
}

Result<> Namespace::change(Path path, Last last, const AttributeChange& change) {
  const auto walk = TRY(walk_to(*this, path, last));
  Mount& mount = walk->mount();
  TRY(writable(mount));
  return mount.run([&] { return mount.filesystem->change(walk->node(), change); });
}

Result<> Namespace::truncate(Path path, std::uint64_t size) {
  const auto walk = TRY(walk_to(*this, path, Last::follow));
  Mount& mount = walk->mount();
  if (walk->type() == FileType::directory) return failure(Error::is_directory);
  TRY(writable(mount));
  return mount.run([&] { return mount.filesystem->truncate(walk->node(), size); });
}

Result<Statistics> Namespace::statistics(Path path) {
  const auto walk = TRY(walk_to(*this, path, Last::follow));
  Mount& mount = walk->mount();
  return mount.run([&]() -> Result<Statistics> { return mount.filesystem->statistics(); });
}

Result<std::size_t> Namespace::read_link(Path path, std::span<char> to) {
  const auto walk = TRY(walk_to(*this, path, Last::keep));
  Mount& mount = walk->mount();
  return mount.run([&] { return mount.filesystem->read_link(walk->node(), to); });
}

Result<std::size_t> Namespace::canonical_directory(Path path, std::span<char> to) {
  const auto walk = TRY(walk_to(*this, path, Last::follow));
  if (walk->type() != FileType::directory) return failure(Error::not_directory);
  const std::string_view canonical = walk->canonical();
  if (canonical.size() > to.size()) return failure(Error::result_too_large);
  std::memcpy(to.data(), canonical.data(), canonical.size());
  return canonical.size();
}

/// `f(filesystem, directory, name, must_be_directory)` on the mount's core, which is to be changed there.
template <class F>
Result<> Namespace::at_parent(Path path, F f) {
  const auto walk = TRY(walk_to(*this, path, Last::parent));
  Mount& mount = walk->mount();
  return mount.run([&]() -> Result<> { return f(mount, walk->node(), walk->name(), walk->must_be_directory()); });
}

Result<> Namespace::make_directory(Path path, std::uint32_t permissions) {
  return at_parent(path, [&](Mount& mount, Node parent, std::string_view name, bool) -> Result<> {
    if (name.empty() || is_dots(name)) return failure(Error::exists);
    if (mount.read_only) {  // what is there is told first, as mkdir -p asks
      const Found found = TRY(mount.filesystem->lookup(parent, name).or_else([](Error error) -> Result<Found> {
        return failure(error == Error::no_entry ? Error::read_only : error);
      }));
      mount.filesystem->release(found.node);
      return failure(Error::exists);
    }
    const Found made =
        TRY(mount.filesystem->create(parent, name, {.type = FileType::directory, .mode = permissions & kPermissions}));
    mount.filesystem->release(made.node);
    return {};
  });
}

Result<> Namespace::make_symlink(std::string_view target, Path path) {
  if (target.empty()) return failure(Error::no_entry);
  if (target.size() >= kMostPath) return failure(Error::name_too_long);
  return at_parent(path, [&](Mount& mount, Node parent, std::string_view name, bool is_directory) -> Result<> {
    if (name.empty() || is_dots(name)) return failure(Error::exists);
    if (is_directory) return failure(Error::no_entry);
    TRY(writable(mount));
    const Found made =
        TRY(mount.filesystem->create(parent, name, {.type = FileType::symlink, .mode = 0777, .target = target}));
    mount.filesystem->release(made.node);
    return {};
  });
}

Result<> Namespace::link(Path existing, Last last, Path path) {
  const auto from = TRY(walk_to(*this, existing, last));
  if (from->type() == FileType::directory) return failure(Error::not_permitted);
  return at_parent(path, [&](Mount& mount, Node parent, std::string_view name, bool is_directory) -> Result<> {
    if (name.empty() || is_dots(name)) return failure(Error::exists);
    if (is_directory) return failure(Error::no_entry);
    if (&mount != &from->mount()) return failure(Error::cross_device);
    TRY(writable(mount));
    return mount.filesystem->link(parent, name, from->node());
  });
}

Result<> Namespace::unlink(Path path, bool directory_expected) {
  return at_parent(path, [&](Mount& mount, Node parent, std::string_view name, bool is_directory) -> Result<> {
    if (name.empty()) return failure(directory_expected ? Error::busy : Error::is_directory);
    if (name == ".") return failure(directory_expected ? Error::invalid : Error::is_directory);
    if (name == "..") return failure(directory_expected ? Error::not_empty : Error::is_directory);
    TRY(writable(mount));
    if (is_directory && !directory_expected) return failure(Error::not_directory);
    return mount.filesystem->unlink(parent, name, directory_expected);
  });
}

Result<> Namespace::rename(Path from, Path to) {
  const auto source = TRY(walk_to(*this, from, Last::parent));
  if (source->name().empty() || is_dots(source->name())) return failure(Error::busy);
  return at_parent(to, [&](Mount& mount, Node parent, std::string_view name, bool is_directory) -> Result<> {
    if (name.empty() || is_dots(name)) return failure(Error::busy);
    if (&mount != &source->mount()) return failure(Error::cross_device);
    TRY(writable(mount));
    if (is_directory || source->must_be_directory()) {
      const Found moved = TRY(mount.filesystem->lookup(source->node(), source->name()));
      mount.filesystem->release(moved.node);
      if (moved.type != FileType::directory) return failure(Error::not_directory);
    }
    return mount.filesystem->rename(source->node(), source->name(), parent, name);
  });
}

Mount* Namespace::next_mount(std::uint32_t number) {
  const MountsLock lock;
  for (Mount* mount = mounts_; mount != nullptr; mount = mount->next)
    if (mount->number > number) {  // they are in the order of their numbers
      mount->open.fetch_add(1, std::memory_order_relaxed);
      return mount;
    }
  return nullptr;
}

/// What `f` says of each mount; the last error.
template <class F>
Result<> Namespace::on_each_mount(F f) {
  Result<> all;
  std::uint32_t number = 0;
  while (Mount* const mount = next_mount(number)) {
    number = mount->number;
    if (const auto done = mount->run([&] { return f(*mount->filesystem); }); !done) all = done;
    leave(*mount);
  }
  return all;
}

Result<> Namespace::sync() {
  return on_each_mount([](Filesystem& filesystem) { return filesystem.sync(); });
}

Result<> Namespace::finish() {
  return on_each_mount([](Filesystem& filesystem) { return filesystem.finish(); });
}

}  // namespace toro::filesystem
