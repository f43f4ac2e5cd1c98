// The one namespace: made at boot.
#include "kernel/filesystem/kernel.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/filesystem/archive.hpp"
#include "kernel/filesystem/memory_filesystem.hpp"
#include "kernel/filesystem/mounting.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/panic.hpp"

// Images with files have the system calls on them, which see to it that at the end all is written.
extern "C" const char toro_file_system_calls;

namespace toro::filesystem {

constinit Namespace* the_names = nullptr;

namespace {

[[gnu::used]] const char* const file_system_calls = &toro_file_system_calls;

constinit std::atomic<std::uint32_t> mounting = 0;
constinit arch::SpinLock mounts_lock;
constinit arch::SpinLock directory_lock;
constinit char directory[kMostPath];
constinit std::size_t directory_size = 0;

Result<> make_root(Namespace& namespace_) {
  auto* const memory = make<MemoryFilesystem>();
  auto* const root = make<Mount>();
  if (memory == nullptr || root == nullptr) return failure(Error::no_memory);
  root->filesystem = memory;
  root->kind = "memory";
  root->core = arch::this_core();
  for (const ArchivedFile* file = toro_archive_begin; file != toro_archive_end; ++file)
    TRY(memory->add(file->path, {file->content, file->size}));
  const Found temporary = TRY(memory->create(memory->root(), "tmp", {.type = FileType::directory, .mode = 01777}));
  memory->release(temporary.node);
  return namespace_.mount(*root);
}

void mount_and_serve() {
  mount_what_command_line_says();
  mounting.store(0, std::memory_order_release);
  toro::detail::wake(mounting, UINT32_MAX);
}

void make_names() {
  the_names = make<Namespace>();
  if (the_names == nullptr || !make_root(*the_names)) panic("memory is out: no room for the root directory");
  if (!command_line_mounts()) return;
  // Mounting waits for devices: a thread does it, before main's gets to its first file.
  mounting.store(1, std::memory_order_relaxed);
  serve_other_cores(mount_and_serve);
}

}  // namespace

Namespace& names_at_boot() {
  return *the_names;
}

Namespace& names() {
  while (mounting.load(std::memory_order_acquire) != 0)
    toro::detail::wait_while(mounting, 1, "what is mounted at boot");
  return *the_names;
}

void report(std::string_view source, std::string_view what) {
  print(console::sink(), "toro: {} {}\n", source, what);
}

std::int64_t wall_clock() {
  return static_cast<std::int64_t>(arch::clock::wall_at_boot() + arch::clock::now());
}

MountsLock::MountsLock() {
  static_assert(sizeof(arch::SpinLockGuard) <= sizeof guard_);
  new (guard_) arch::SpinLockGuard(mounts_lock);
}
MountsLock::~MountsLock() {
  reinterpret_cast<arch::SpinLockGuard*>(guard_)->~SpinLockGuard();
}

Result<Text> working_directory() {
  const arch::SpinLockGuard guard(directory_lock);
  return Text::copy({directory, directory_size});
}

Result<> change_working_directory(Path path) {
  char canonical[kMostPath];
  const std::size_t size = TRY(names().canonical_directory(path, canonical));
  const arch::SpinLockGuard guard(directory_lock);
  std::memcpy(directory, canonical, size);
  directory_size = size;
  return {};
}

}  // namespace toro::filesystem

namespace toro::boot {

/// No thread runs before all stages have: main's finds it done.
TORO_BOOT_STAGE(files_stage, "files", filesystem::make_names, &heap_stage, &threads_stage, &devices_stage);

}  // namespace toro::boot
