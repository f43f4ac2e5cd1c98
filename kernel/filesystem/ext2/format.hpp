// ext2 as it lies on a disk, in the processor's byte order. [Linux fs/ext2/ext2.h; nongnu.org ext2-doc]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::filesystem::ext2 {

inline constexpr std::uint64_t kSuperblockOffset = 1024;
inline constexpr std::uint16_t kMagic = 0xef53;
inline constexpr std::uint32_t kRootInode = 2;
inline constexpr std::uint32_t kFirstInodeOfRevision0 = 11;
inline constexpr std::uint32_t kMostLinks = 32000;

enum State : std::uint16_t { kLeftInOrder = 1, kHasErrors = 2 };

/// Features that may be ignored; without which nothing can be read; without which nothing may be written.
enum Compatible : std::uint32_t { kResizeInode = 0x10, kSparseSuper2 = 0x200 };
enum Incompatible : std::uint32_t {
  kCompression = 0x1,
  kFileType = 0x2,
  kRecover = 0x4,
  kJournalDevice = 0x8,
  kMetaGroups = 0x10,
  kExtents = 0x40,
  k64Bit = 0x80,
  kFlexibleGroups = 0x200
};
enum ReadOnlyCompatible : std::uint32_t { kSparseSuper = 0x1, kLargeFile = 0x2 };

struct Superblock {
  std::uint32_t inodes;
  std::uint32_t blocks;
  std::uint32_t reserved_blocks;
  std::uint32_t free_blocks;
  std::uint32_t free_inodes;
  std::uint32_t first_data_block;
  std::uint32_t log_block_size;  ///< of 1024 << it
  std::uint32_t log_fragment_size;
  std::uint32_t blocks_per_group;
  std::uint32_t fragments_per_group;
  std::uint32_t inodes_per_group;
  std::uint32_t mount_time;
  std::uint32_t write_time;
  std::uint16_t mounts;
  std::int16_t most_mounts;
  std::uint16_t magic;
  std::uint16_t state;
  std::uint16_t errors;
  std::uint16_t minor_revision;
  std::uint32_t last_check;
  std::uint32_t check_interval;
  std::uint32_t creator;
  std::uint32_t revision;
  std::uint16_t reserved_user;
  std::uint16_t reserved_group;
  // From revision 1 on:
  std::uint32_t first_inode;
  std::uint16_t inode_size;
  std::uint16_t group;
  std::uint32_t compatible;
  std::uint32_t incompatible;
  std::uint32_t read_only_compatible;
  std::byte uuid[16];
  char volume_name[16];
  char last_mounted[64];
  std::uint32_t compression;
  std::uint8_t preallocated[2];
  std::uint16_t reserved_descriptors;  ///< blocks behind the group descriptors, for more of them
  std::byte rest[816];
};
static_assert(sizeof(Superblock) == 1024 && offsetof(Superblock, magic) == 56 &&
              offsetof(Superblock, first_inode) == 84 && offsetof(Superblock, read_only_compatible) == 100 &&
              offsetof(Superblock, reserved_descriptors) == 206);

struct GroupDescriptor {
  std::uint32_t block_bitmap;
  std::uint32_t inode_bitmap;
  std::uint32_t inode_table;
  std::uint16_t free_blocks;
  std::uint16_t free_inodes;
  std::uint16_t directories;
  std::uint16_t flags;
  std::uint32_t reserved[3];
};
static_assert(sizeof(GroupDescriptor) == 32);

enum Mode : std::uint16_t {
  kTypeMask = 0xf000,
  kSymlinkMode = 0xa000,
  kRegularMode = 0x8000,
  kDirectoryMode = 0x4000,
  kPermissionMask = 07777
};
inline constexpr std::uint32_t kIndexedDirectory = 0x1000;  ///< flag of an inode

inline constexpr std::uint32_t kDirectPointers = 12;
inline constexpr std::uint32_t kPointers = 15;

struct Inode {
  std::uint16_t mode;
  std::uint16_t user;
  std::uint32_t size;
  std::int32_t accessed;
  std::int32_t changed;
  std::int32_t modified;
  std::int32_t deleted;
  std::uint16_t group;
  std::uint16_t links;
  std::uint32_t sectors;  ///< of 512 bytes, pointers and attributes included
  std::uint32_t flags;
  std::uint32_t version;
  std::uint32_t pointers[kPointers];  ///< or a short symbolic link's target
  std::uint32_t generation;
  std::uint32_t attributes_block;
  std::uint32_t size_high;  ///< of regular files
  std::uint32_t fragment;
  std::uint8_t fragment_number, fragment_size;
  std::uint16_t padding;
  std::uint16_t user_high;
  std::uint16_t group_high;
  std::uint32_t reserved;
};
static_assert(sizeof(Inode) == 128 && offsetof(Inode, pointers) == 40 && offsetof(Inode, size_high) == 108 &&
              offsetof(Inode, user_high) == 120);
inline constexpr std::uint32_t kShortestInode = sizeof(Inode);

/// The name follows.
struct Entry {
  std::uint32_t inode;  ///< 0: the entry is free
  std::uint16_t length;
  std::uint8_t name_size;
  std::uint8_t type;

  [[nodiscard]] char* name() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* name() const { return reinterpret_cast<const char*>(this + 1); }
};
static_assert(sizeof(Entry) == 8);

enum EntryType : std::uint8_t { kUnknownEntry = 0, kRegularEntry = 1, kDirectoryEntry = 2, kSymlinkEntry = 7 };

/// Of a block of extended attributes. [Linux fs/ext2/xattr.h]
struct AttributesHeader {
  std::uint32_t magic;
  std::uint32_t references;
  std::uint32_t blocks;
  std::uint32_t hash;
};
inline constexpr std::uint32_t kAttributesMagic = 0xea020000;

}  // namespace toro::filesystem::ext2
