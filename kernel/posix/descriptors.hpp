// Descriptors of open files and streams: one table for all cores; 0, 1 and 2 are the console until they are closed.
#pragma once

#include <cstdint>

#include "kernel/filesystem/kernel.hpp"
#include "kernel/posix/stream.hpp"

namespace toro::posix {

using FileResult = filesystem::Result<std::int64_t>;

/// There are so many numbers; who wants more than kFirstLimit asks for it by setrlimit(2).
inline constexpr std::int32_t kMostDescriptors = 65536;
/// Those that select(2) can name: FD_SETSIZE.
inline constexpr std::int32_t kMostSelected = 1024;
inline constexpr std::int32_t kFirstLimit = kMostSelected;

enum class DescriptorKind : std::uint8_t { free, console, file, stream, reserved };

/// One of the table, which descriptors.cpp alone uses; kernel/tables describes it.
struct DescriptorSlot {
  filesystem::OpenFile* file = nullptr;
  Stream* stream = nullptr;
  DescriptorKind kind = DescriptorKind::free;
  bool close_on_exec = false;
};
/// The table's part for so many numbers in a row, there while one of them is open.
struct DescriptorChunk {
  static constexpr std::size_t kSlots = 64;
  DescriptorSlot slots[kSlots];
};
extern DescriptorChunk* descriptor_chunks[kMostDescriptors / DescriptorChunk::kSlots];

/// What a descriptor stands for, held while this lives. Threads.
class Descriptor {
 public:
  [[nodiscard]] static filesystem::Result<Descriptor> find(std::int32_t number);

  Descriptor(Descriptor&& other) noexcept
      : file_(std::exchange(other.file_, nullptr)), stream_(std::exchange(other.stream_, nullptr)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (!is_console()) release();
  }

  [[nodiscard]] bool is_console() const { return file_ == nullptr && stream_ == nullptr; }
  [[nodiscard]] bool is_file() const { return file_ != nullptr; }
  /// Null when it is none.
  [[nodiscard]] Stream* stream() const { return stream_; }
  /// A file.
  [[nodiscard]] filesystem::OpenFile& operator*() const { return *file_; }
  [[nodiscard]] filesystem::OpenFile* operator->() const { return file_; }

  /// Another descriptor for the same, the lowest that is free from `lowest` on.
  [[nodiscard]] FileResult duplicate(std::int32_t lowest, bool close_on_exec);
  /// `number` stands for the same from now on; what it stood for is closed. Error::bad_file, and Error::busy where it
  /// is reserved.
  [[nodiscard]] FileResult duplicate_to(std::int32_t number, bool close_on_exec);

 private:
  Descriptor(filesystem::OpenFile* file, Stream* stream) : file_(file), stream_(stream) {}
  void release();
  filesystem::OpenFile* file_;
  Stream* stream_;  ///< neither: the console
};

/// The number of a descriptor that is to be, taken before what cannot be undone; free again where nothing comes of it.
/// Until then it is closed for all others. Threads.
class NewDescriptor {
 public:
  /// The lowest that is free. Error::too_many_open, Error::no_memory.
  [[nodiscard]] static filesystem::Result<NewDescriptor> reserve();

  NewDescriptor(NewDescriptor&& other) noexcept : number_(std::exchange(other.number_, kNone)) {}
  NewDescriptor& operator=(NewDescriptor&&) = delete;
  ~NewDescriptor() {
    if (number_ != kNone) give_back();
  }

  /// `file` is the table's from now on. Returns the number. Once.
  std::int64_t open(filesystem::OpenFile& file, bool close_on_exec);
  std::int64_t open(Stream& stream, bool close_on_exec);

 private:
  static constexpr std::size_t kNone = kMostDescriptors;
  explicit NewDescriptor(std::size_t number) : number_(number) {}
  std::int64_t become(const DescriptorSlot& slot);
  void give_back() const;
  std::size_t number_;
};

[[nodiscard]] FileResult close_descriptor(std::int32_t number);
/// At the end of the application.
void close_all_streams();
[[nodiscard]] filesystem::Result<bool> closes_on_exec(std::int32_t number);
[[nodiscard]] FileResult set_close_on_exec(std::int32_t number, bool close_on_exec);

/// New descriptors are below `soft`. [getrlimit(2), RLIMIT_NOFILE]
struct DescriptorLimit {
  std::uint64_t soft;
  std::uint64_t hard;
};
[[nodiscard]] DescriptorLimit descriptor_limit();
/// Error::invalid, and Error::not_permitted beyond kMostDescriptors.
[[nodiscard]] FileResult set_descriptor_limit(DescriptorLimit limit);

}  // namespace toro::posix
