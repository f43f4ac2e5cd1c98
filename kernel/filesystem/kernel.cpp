// The one namespace: made when it is first used.
#include "kernel/filesystem/kernel.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/filesystem/archive.hpp"
#include "kernel/filesystem/memory_filesystem.hpp"
#include "kernel/panic.hpp"

namespace toro::filesystem {
namespace {

constinit arch::SpinLock making;
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

Namespace* make_names() {
  auto* const made = make<Namespace>();
  if (made == nullptr || !make_root(*made)) panic("memory is out: no room for the root directory");
  serve_other_cores();
  return made;
}

}  // namespace

constinit std::atomic<Namespace*> the_names = nullptr;

Namespace& names() {
  if (Namespace* const made = the_names.load(std::memory_order_acquire)) return *made;
  const arch::SpinLockGuard guard(making);
  if (the_names.load(std::memory_order_relaxed) == nullptr) the_names.store(make_names(), std::memory_order_release);
  return *the_names.load(std::memory_order_relaxed);
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
