// System calls on files: the console is descriptors 0, 1 and 2.
#include <cstring>

#include "kernel/devices/console.hpp"
#include "kernel/posix/syscall.hpp"

namespace toro::posix {
namespace {

struct IoVector {
  char* base;
  std::size_t size;
};

constexpr std::int32_t kInput = 0;
constexpr std::int32_t kError = 2;

bool is_console(std::int32_t descriptor) {
  return descriptor >= kInput && descriptor <= kError;
}

}  // namespace

Result sys_write(SyscallFrame& frame) {
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  const std::span<const char> text{frame.pointer<const char>(1), frame.argument(2)};
  const FloatingPointState state;
  console::write(text);
  return static_cast<Result>(text.size());
}

Result sys_writev(SyscallFrame& frame) {
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  const std::span<const IoVector> vectors{frame.pointer<const IoVector>(1), frame.argument(2)};
  const FloatingPointState state;
  std::size_t count = 0;
  for (const IoVector& vector : vectors) count += vector.size;
  // The C library gives a line in two parts, what it had buffered and the rest: one message for the device.
  char line[256];
  if (count <= sizeof line) {
    std::size_t size = 0;
    for (const IoVector& vector : vectors) {
      std::memcpy(line + size, vector.base, vector.size);
      size += vector.size;
    }
    console::write({line, size});
  } else {
    for (const IoVector& vector : vectors) console::write({vector.base, vector.size});
  }
  return static_cast<Result>(count);
}

Result sys_read(SyscallFrame& frame) {
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  const FloatingPointState state;
  return static_cast<Result>(console::wait_and_read({frame.pointer<char>(1), frame.argument(2)}));
}

Result sys_readv(SyscallFrame& frame) {
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  const FloatingPointState state;
  for (const IoVector& vector : std::span{frame.pointer<const IoVector>(1), frame.argument(2)})
    if (vector.size != 0) return static_cast<Result>(console::wait_and_read({vector.base, vector.size}));
  return 0;
}

Result sys_open(SyscallFrame&) {
  return failure(Error::no_entry);
}

Result sys_close(SyscallFrame& frame) {
  return is_console(frame.value<std::int32_t>(0)) ? 0 : failure(Error::bad_file);
}

Result sys_lseek(SyscallFrame& frame) {
  return failure(is_console(frame.value<std::int32_t>(0)) ? Error::illegal_seek : Error::bad_file);
}

Result sys_ioctl(SyscallFrame& frame) {
  constexpr std::uint64_t kGetWindowSize = 0x5413;  // TIOCGWINSZ: what isatty() asks
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  if (frame.argument(1) != kGetWindowSize) return failure(Error::not_a_terminal);
  struct WindowSize {
    std::uint16_t rows, columns, x, y;
  };
  *frame.pointer<WindowSize>(2) = {24, 80, 0, 0};
  return 0;
}

Result sys_fcntl(SyscallFrame& frame) {
  enum Command : std::uint32_t { kGetDescriptorFlags = 1, kSetDescriptorFlags = 2, kGetFlags = 3, kSetFlags = 4 };
  constexpr Result kReadWrite = 2;
  if (!is_console(frame.value<std::int32_t>(0))) return failure(Error::bad_file);
  switch (frame.value<std::uint32_t>(1)) {
    case kGetFlags:
      return kReadWrite;
    case kGetDescriptorFlags:
    case kSetDescriptorFlags:
    case kSetFlags:
      return 0;
    default:
      return failure(Error::invalid);
  }
}

}  // namespace toro::posix
