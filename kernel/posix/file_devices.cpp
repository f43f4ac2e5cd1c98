// Files that are devices and have no filesystem: /dev/null, /dev/zero, /dev/random and /dev/urandom. [null(4),
// random(4)]
#include <algorithm>

#include "kernel/network/object.hpp"
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

using Fill = FileResult (*)(std::span<std::byte> to);

FileResult fill_by_nothing(std::span<std::byte>) {
  return 0;
}
FileResult fill_by_zeros(std::span<std::byte> to) {
  std::ranges::fill(to, std::byte{0});
  return static_cast<std::int64_t>(to.size());
}
FileResult fill_by_chance(std::span<std::byte> to) {
  SyscallFrame frame{};
  frame.rdi = reinterpret_cast<std::uintptr_t>(to.data());
  frame.rsi = to.size();
  const Result count = sys_getrandom(frame);
  if (count < 0) return failure(static_cast<filesystem::Error>(-count));
  return count;
}

class Device final : public Stream {
 public:
  explicit Device(Fill fill) : Stream(StreamKind::device), fill_(fill) {}

  FileResult read(std::span<const IoVector> to) override {
    std::int64_t count = 0;
    for (const IoVector& vector : to) count += TRY(fill_({vector.base, vector.size}));
    return count;
  }
  FileResult write(std::span<const IoVector> from) override {
    std::size_t count = 0;
    for (const IoVector& vector : from) count += vector.size;
    return static_cast<std::int64_t>(count);
  }
  FileResult control(std::uint32_t, void*) override { return std::unexpected(kNotATerminal); }
  Events poll(inet::Watch*) override { return kIn | kOut; }
  void unwatch(inet::Watch&) override {}
  void close() override { inet::dispose(this); }

 private:
  Fill fill_;
};

constexpr struct {
  std::string_view path;
  Fill fill;
} kDevices[] = {{"/dev/null", fill_by_nothing},
                {"/dev/zero", fill_by_zeros},
                {"/dev/random", fill_by_chance},
                {"/dev/urandom", fill_by_chance}};

}  // namespace

std::optional<filesystem::Result<Stream*>> open_device(std::string_view path) {
  for (const auto& known : kDevices) {
    if (known.path != path) continue;
    auto* const device = inet::make<Device>(known.fill);
    if (device == nullptr) return failure(filesystem::Error::no_memory);
    return device;
  }
  return std::nullopt;
}

}  // namespace toro::posix
