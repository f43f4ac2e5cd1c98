// Filesystems are mounted and unmounted: by the application, by the command line, and at the machine's end.
#include "kernel/filesystem/mounting.hpp"

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/filesystem/kinds.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"

namespace toro::filesystem {
namespace {

constexpr std::string_view kOption = "mount";

Result<Opened> open(Mount& mount, std::string_view kind, Access access) {
  Error why = kind.empty() ? Error::no_device : Error::invalid;
  for (const Kind& known : kinds()) {
    if (!kind.empty() && kind != known.name) continue;
    auto opened = known.open(mount.source.view(), access);
    mount.kind = known.name.data();
    if (opened || (opened.error() != Error::invalid && opened.error() != Error::no_device)) return opened;
    if (!kind.empty() || opened.error() == Error::invalid) why = opened.error();
  }
  return failure(why);
}

/// A mount that no path leads to yet.
Result<Mount*> make_mount(std::string_view source, const MountOptions& options) {
  if (options.core >= arch::toro_core_count) return failure(Error::invalid);
  Owned<Mount> mount(make<Mount>());
  if (mount == nullptr) return failure(Error::no_memory);
  mount->source = TRY(Text::copy(source));
  mount->core = options.core;
  // The server writes changes after a while; on another core the first call starts it.
  if (arch::is_this_core(mount->core)) serve_other_cores();
  const Access access = options.read_only ? Access::read_only : Access::read_write;
  const Opened opened = TRY(mount->run([&] { return open(*mount, options.kind, access); }));
  mount->filesystem = opened.filesystem;
  mount->read_only = opened.access == Access::read_only;
  return mount.release();
}

/// Nobody finds it any more.
Result<> end(Mount& mount) {
  const auto finished = mount.run([&] {
    auto result = mount.filesystem->finish();
    std::exchange(mount.filesystem, nullptr)->destroy();
    return result;
  });
  dispose(&mount);
  return finished;
}

Result<> attach(Mount& mount, std::string_view canonical) {
  auto attached = Text::copy(canonical).and_then([&](Text path) {
    mount.path = std::move(path);
    return names_at_boot().mount(mount);
  });
  if (!attached) static_cast<void>(end(mount));
  return attached;
}

Result<> make_directories(std::string_view path) {
  for (std::size_t at = 0; at != std::string_view::npos;) {
    at = path.find('/', at + 1);
    const auto made = names_at_boot().make_directory({"", path.substr(0, at)}, 0755);
    if (!made && made.error() != Error::exists) return made;
  }
  return {};
}

Result<> mount_wish(std::string_view kind, std::string_view source, std::string_view path) {
  Mount* const mount = TRY(make_mount(source, {.kind = kind}));
  if (const auto made = make_directories(path); !made) {
    static_cast<void>(end(*mount));
    return made;
  }
  return attach(*mount, path.find_first_not_of('/') == std::string_view::npos ? "" : path);
}

/// `word` up to the colon, which goes with it.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(':'));
  text.remove_prefix(word.size() < text.size() ? word.size() + 1 : word.size());
  return word;
}

}  // namespace

Result<> mount(std::string_view source, Path path, const MountOptions& options) {
  char canonical[kMostPath];
  const std::size_t size = TRY(names().canonical_directory(path, canonical));
  Mount* const mount = TRY(make_mount(source, options));
  return attach(*mount, {canonical, size});
}

Result<> unmount(Path path) {
  char canonical[kMostPath];
  const std::size_t size = TRY(names().canonical_directory(path, canonical));
  Mount* const mount = TRY(names().unmount({canonical, size}));
  return end(*mount);
}

bool command_line_mounts() {
  for (const auto& option : boot::command_line().options())
    if (option.name == kOption) return true;
  return false;
}

void mount_what_command_line_says() {
  for (const auto& option : boot::command_line().options()) {
    if (option.name != kOption) continue;
    std::string_view path = option.value;
    const std::string_view kind = take_word(path);
    const std::string_view source = take_word(path);
    const auto mounted = path.starts_with('/') ? mount_wish(kind, source, path) : Result<>(failure(Error::invalid));
    if (mounted) continue;
    FixedString<255> what;
    what.print("cannot be mounted at \"{}\" as \"{}\": {}", path, kind,
               mounted.error() == Error::invalid ? "it is not of that kind" : describe(mounted.error()));
    report(source, what.view());
  }
}

}  // namespace toro::filesystem

namespace toro {

FileResult<void> mount(std::string_view source, std::string_view path, const MountOptions& options) {
  return filesystem::with_start(path, [&](filesystem::Path at) { return filesystem::mount(source, at, options); });
}
FileResult<void> unmount(std::string_view path) {
  return filesystem::with_start(path, [](filesystem::Path at) { return filesystem::unmount(at); });
}

}  // namespace toro
