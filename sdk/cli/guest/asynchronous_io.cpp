// Finds out whether io_uring can be used: containers forbid it to their programs, and a QEMU may be built without it.
#include "sdk/cli/guest/asynchronous_io.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdk/cli/host/file_descriptor.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

bool kernel_has_io_uring() {
  constexpr unsigned kEntries = 128;  // as many as QEMU asks for [QEMU block/io_uring.c, MAX_ENTRIES]
  io_uring_params parameters{};
  return static_cast<bool>(FileDescriptor(static_cast<int>(syscall(SYS_io_uring_setup, kEntries, &parameters))));
}

/// Whether the program's file names the library that QEMU does it with.
bool emulator_has_io_uring(const std::string& emulator) {
  const auto path = find_program(emulator);
  if (!path) return false;
  const FileDescriptor file(open(path->c_str(), O_RDONLY | O_CLOEXEC));
  const off_t size = file ? lseek(file.get(), 0, SEEK_END) : 0;
  if (size <= 0) return false;
  const auto length = static_cast<std::size_t>(size);
  void* const memory = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) return false;
  const bool found = std::string_view(static_cast<const char*>(memory), length).contains("liburing.so");
  munmap(memory, length);
  return found;
}

}  // namespace

std::string_view choose_asynchronous_io(const std::string& emulator) {
  return kernel_has_io_uring() && emulator_has_io_uring(emulator) ? "io_uring" : "threads";
}

}  // namespace toro::cli
