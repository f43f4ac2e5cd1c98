// System calls that copy from one file to another.
#include <algorithm>

#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;
using filesystem::names;
using FileFailure = filesystem::Error;

constexpr std::size_t kAtOnce = 65536;

/// A place in a file: its own position, or one that the caller has, who is told where it ends. Or a stream's end.
class Place {
 public:
  static filesystem::Result<Place> of(std::int32_t number, std::uint64_t* offset) {
    auto descriptor = TRY(Descriptor::find(number));
    if (!descriptor.is_file()) return failure(FileFailure::invalid);
    const std::uint64_t at = offset != nullptr ? *offset : TRY(names().seek(*descriptor, 0, SeekFrom::position));
    return Place(std::move(descriptor), offset, at);
  }

  static filesystem::Result<Place> end_of(std::int32_t number) {
    auto descriptor = TRY(Descriptor::find(number));
    if (descriptor.stream() == nullptr) return of(number, nullptr);
    return Place(std::move(descriptor), nullptr, 0);
  }

  filesystem::Result<std::size_t> read(std::span<std::byte> to) { return names().read_at(*file_, at_, to); }
  filesystem::Result<std::size_t> write(std::span<std::byte> from) {
    if (file_.stream() == nullptr) return names().write_at(*file_, at_, from);
    const IoVector vector{from.data(), from.size()};
    return static_cast<std::size_t>(TRY(file_.stream()->write({&vector, 1})));
  }
  void move(std::size_t count) { at_ += count; }
  filesystem::Result<> end() {
    if (offset_ != nullptr)
      *offset_ = at_;
    else if (file_.is_file())
      TRY(names().seek(*file_, static_cast<std::int64_t>(at_), SeekFrom::start));
    return {};
  }

 private:
  Place(Descriptor file, std::uint64_t* offset, std::uint64_t at) : file_(std::move(file)), offset_(offset), at_(at) {}

  Descriptor file_;
  std::uint64_t* offset_;
  std::uint64_t at_;
};

FileResult copy(Place from, Place to, std::size_t count) {
  filesystem::Array<std::byte> buffer;
  TRY(buffer.resize(std::min(count, kAtOnce)));
  std::size_t moved = 0;
  filesystem::Result<std::size_t> last = std::size_t{0};
  while (moved < count) {
    last = from.read(buffer.span().first(std::min(count - moved, buffer.size())));
    if (!last || *last == 0) break;
    const std::size_t wanted = *last;
    last = to.write(buffer.span().first(wanted));
    if (!last) break;
    from.move(*last);
    to.move(*last);
    moved += *last;
    if (*last < wanted) break;
  }
  if (!last && moved == 0) return failure(last.error());
  TRY(from.end());
  TRY(to.end());
  return static_cast<std::int64_t>(moved);
}

}  // namespace

/// sendfile(to, from, offset, count)
FileResult call_sendfile(SyscallFrame& frame) {
  auto from = TRY(Place::of(frame.value<std::int32_t>(1), frame.pointer<std::uint64_t>(2)));
  auto to = TRY(Place::end_of(frame.value<std::int32_t>(0)));
  return copy(std::move(from), std::move(to), frame.argument(3));
}

/// copy_file_range(from, offset, to, offset, count, flags)
FileResult call_copy_file_range(SyscallFrame& frame) {
  if (frame.argument(5) != 0) return failure(FileFailure::invalid);
  auto from = TRY(Place::of(frame.value<std::int32_t>(0), frame.pointer<std::uint64_t>(1)));
  auto to = TRY(Place::of(frame.value<std::int32_t>(2), frame.pointer<std::uint64_t>(3)));
  return copy(std::move(from), std::move(to), frame.argument(4));
}

}  // namespace toro::posix
