// What FUSE says on the wire, of version 7.31: little-endian, as this machine is. [Linux include/uapi/linux/fuse.h]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace toro::filesystem::fuse {

inline constexpr std::uint32_t kMajor = 7;
inline constexpr std::uint32_t kMinor = 31;
inline constexpr std::uint64_t kRoot = 1;

enum class Opcode : std::uint32_t {
  lookup = 1,
  forget = 2,  ///< has no reply
  get_attributes = 3,
  set_attributes = 4,
  read_link = 5,
  symlink = 6,
  make_directory = 9,
  unlink = 10,
  remove_directory = 11,
  link = 13,
  open = 14,
  read = 15,
  write = 16,
  statistics = 17,
  release = 18,
  sync_file = 20,
  initialize = 26,
  open_directory = 27,
  read_directory = 28,
  release_directory = 29,
  sync_directory = 30,
  create = 35,
  destroy = 38,
  read_directory_plus = 44,
  rename = 45,  ///< RENAME2
  sync_all = 50,
};

struct RequestHeader {
  std::uint32_t length = 0;  ///< bytes, with this header
  Opcode opcode{};
  std::uint64_t unique = 0;
  std::uint64_t node = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t process = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(RequestHeader) == 40 && offsetof(RequestHeader, node) == 16);

struct ReplyHeader {
  std::uint32_t length = 0;
  std::int32_t error = 0;  ///< 0, or errno's number below 0
  std::uint64_t unique = 0;
};
static_assert(sizeof(ReplyHeader) == 16);

struct InitializeRequest {
  std::uint32_t major = kMajor;
  std::uint32_t minor = kMinor;
  std::uint32_t most_readahead = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(InitializeRequest) == 16);

enum class Flag : std::uint32_t {
  asynchronous_read = 1U << 0,
  big_writes = 1U << 5,
  read_directory_plus = 1U << 13,
  parallel_directory_operations = 1U << 18,
  most_pages = 1U << 22,
};

struct InitializeReply {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t most_readahead = 0;
  std::uint32_t flags = 0;
  std::uint16_t most_background = 0;
  std::uint16_t congestion_threshold = 0;
  std::uint32_t most_written = 0;  ///< bytes of one write
  std::uint32_t time_granularity = 0;
  std::uint16_t most_pages = 0;
  std::uint16_t map_alignment = 0;
  std::array<std::uint32_t, 8> unused{};
};
static_assert(sizeof(InitializeReply) == 64 && offsetof(InitializeReply, most_pages) == 28);

struct WireAttributes {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::uint64_t blocks = 0;  ///< of 512 bytes
  std::uint64_t accessed = 0, modified = 0, changed = 0;
  std::uint32_t accessed_nanoseconds = 0, modified_nanoseconds = 0, changed_nanoseconds = 0;
  std::uint32_t mode = 0;
  std::uint32_t links = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t device = 0;
  std::uint32_t block_size = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(WireAttributes) == 88 && offsetof(WireAttributes, mode) == 60);

/// The mode's kind of file. [POSIX sys/stat.h]
inline constexpr std::uint32_t kKind = 0170000, kDirectory = 0040000, kRegular = 0100000, kSymlink = 0120000;

/// Times after which what was said is to be asked for again.
struct EntryReply {
  std::uint64_t node = 0;  ///< 0: there is no such name
  std::uint64_t generation = 0;
  std::uint64_t entry_valid = 0;
  std::uint64_t attributes_valid = 0;
  std::uint32_t entry_valid_nanoseconds = 0;
  std::uint32_t attributes_valid_nanoseconds = 0;
  WireAttributes attributes;
};
static_assert(sizeof(EntryReply) == 128);

struct AttributesRequest {
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
  std::uint64_t handle = 0;
};
static_assert(sizeof(AttributesRequest) == 16);

struct AttributesReply {
  std::uint64_t valid = 0;
  std::uint32_t valid_nanoseconds = 0;
  std::uint32_t padding = 0;
  WireAttributes attributes;
};
static_assert(sizeof(AttributesReply) == 104);

enum class Change : std::uint32_t {
  mode = 1U << 0,
  user = 1U << 1,
  group = 1U << 2,
  size = 1U << 3,
  accessed = 1U << 4,
  modified = 1U << 5,
  handle = 1U << 6,  ///< by an open file
};

struct ChangeRequest {
  std::uint32_t valid = 0;
  std::uint32_t padding = 0;
  std::uint64_t handle = 0;
  std::uint64_t size = 0;
  std::uint64_t lock_owner = 0;
  std::uint64_t accessed = 0, modified = 0, changed = 0;
  std::uint32_t accessed_nanoseconds = 0, modified_nanoseconds = 0, changed_nanoseconds = 0;
  std::uint32_t mode = 0;
  std::uint32_t unused4 = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t unused5 = 0;
};
static_assert(sizeof(ChangeRequest) == 88 && offsetof(ChangeRequest, mode) == 68);

/// Linux's flags of open(). [Linux include/uapi/asm-generic/fcntl.h]
inline constexpr std::uint32_t kOpenRead = 0, kOpenWrite = 1, kOpenReadWrite = 2;
inline constexpr std::uint32_t kOpenCreate = 0100, kOpenExclusive = 0200, kOpenDirectory = 0200000;

struct OpenRequest {
  std::uint32_t flags = 0;
  std::uint32_t unused = 0;
};
static_assert(sizeof(OpenRequest) == 8);

struct OpenReply {
  std::uint64_t handle = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(OpenReply) == 16);

struct CreateRequest {
  std::uint32_t flags = 0;
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
  std::uint32_t unused = 0;
};
static_assert(sizeof(CreateRequest) == 16);

struct CreateReply {
  EntryReply entry;
  OpenReply open;
};
static_assert(sizeof(CreateReply) == 144);

struct MakeDirectoryRequest {
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
};
static_assert(sizeof(MakeDirectoryRequest) == 8);

struct LinkRequest {
  std::uint64_t existing = 0;
};

struct RenameRequest {
  std::uint64_t new_directory = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(RenameRequest) == 16);

/// Of files and of directories.
struct ReadRequest {
  std::uint64_t handle = 0;
  std::uint64_t offset = 0;  ///< of a directory: as the record before said
  std::uint32_t size = 0;
  std::uint32_t read_flags = 0;
  std::uint64_t lock_owner = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(ReadRequest) == 40);

using WriteRequest = ReadRequest;

struct WriteReply {
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(WriteReply) == 8);

struct ReleaseRequest {
  std::uint64_t handle = 0;
  std::uint32_t flags = 0;
  std::uint32_t release_flags = 0;
  std::uint64_t lock_owner = 0;
};
static_assert(sizeof(ReleaseRequest) == 24);

struct SyncRequest {
  std::uint64_t handle = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(SyncRequest) == 16);

struct ForgetRequest {
  std::uint64_t lookups = 0;
};

struct StatisticsReply {
  std::uint64_t blocks = 0, free_blocks = 0, available_blocks = 0;
  std::uint64_t files = 0, free_files = 0;
  std::uint32_t block_size = 0, name_length = 0, fragment_size = 0;
  std::array<std::uint32_t, 7> unused{};
};
static_assert(sizeof(StatisticsReply) == 80);

/// The name follows, and zeros up to a multiple of 8 bytes. READDIRPLUS has an EntryReply before each.
struct DirectoryRecord {
  std::uint64_t inode = 0;
  std::uint64_t next = 0;
  std::uint32_t name_length = 0;
  std::uint32_t type = 0;  ///< as FileType
};
static_assert(sizeof(DirectoryRecord) == 24);

}  // namespace toro::filesystem::fuse
