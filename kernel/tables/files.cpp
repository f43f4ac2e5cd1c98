// `mounts` and `files`: what is mounted, and what is open.
#include "kernel/filesystem/kernel.hpp"
#include "kernel/posix/descriptors.hpp"
#include "kernel/tables/table.hpp"

// Not there in images that use no files.
namespace toro::filesystem {
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Namespace* the_names;

struct MountTable {
  static constexpr std::size_t kMounts = offsetof(Namespace, mounts_);
};
}  // namespace toro::filesystem

namespace toro::posix {
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern DescriptorChunk* descriptor_chunks[kMostDescriptors / DescriptorChunk::kSlots];
}  // namespace toro::posix

namespace toro::tables {
namespace {

using filesystem::Mount;
using filesystem::OpenFile;
using posix::DescriptorSlot;

constexpr const char* kNo[] = {"no", "yes"};
constexpr const char* kRoot[] = {"/"};  // whose canonical path is empty

constexpr Column kMountColumns[] = {
    {.name = "path", .format = Format::view, .value = at(offsetof(Mount, path), 8), .words = kRoot},
    {.name = "kind", .format = Format::literal, .value = at(offsetof(Mount, kind), 8)},
    {.name = "source", .format = Format::view, .value = at(offsetof(Mount, source), 8)},
    {.name = "number", .value = at(offsetof(Mount, number), 4)},
    {.name = "core", .value = at(offsetof(Mount, core), 4)},
    {.name = "read only", .format = Format::word, .value = at(offsetof(Mount, read_only), 1), .words = kNo},
    {.name = "busy",
     .format = Format::word,
     .value = at(offsetof(Mount, turn) + offsetof(filesystem::Turn, busy), 1),
     .words = kNo},
    {.name = "in use by", .value = at(offsetof(Mount, open), 4)},
    {.name = "filesystem", .format = Format::hexadecimal, .value = at(offsetof(Mount, filesystem), 8)},
};

constexpr Table kMounts{
    .name = "mounts",
    .title = "Mounts",
    .about = "What is mounted; how many open files and walks use it",
    .rows = {.shape = Shape::linked,
             .stride = offsetof(Mount, next),
             .base = &filesystem::the_names,
             .first = behind(0, filesystem::MountTable::kMounts, 8)},
    .columns = kMountColumns,
};
TORO_OBJECT_TABLE(kMounts);

constexpr std::size_t kFile = offsetof(DescriptorSlot, file);
constexpr Place kKind = at(offsetof(DescriptorSlot, kind), 1);
constexpr const char* kKinds[] = {"free", "console", "file", "stream", "reserved"};
// By number. [toro::FileType]
constexpr const char* kTypes[] = {"unknown", "", "", "", "directory", "", "", "", "regular", "", "symlink"};

constexpr Column kFileColumns[] = {
    {.name = "descriptor", .format = Format::row_number},
    {.name = "kind", .format = Format::word, .value = kKind, .words = kKinds},
    {.name = "type", .format = Format::word, .value = behind(kFile, offsetof(OpenFile, type), 1), .words = kTypes},
    {.name = "mount",
     .format = Format::view,
     .value = behind(kFile, offsetof(OpenFile, mount), offsetof(Mount, path), 8),
     .words = kRoot},
    {.name = "node", .value = behind(kFile, offsetof(OpenFile, node), 8)},
    {.name = "position", .value = behind(kFile, offsetof(OpenFile, position), 8)},
    {.name = "mode", .format = Format::hexadecimal, .value = behind(kFile, offsetof(OpenFile, mode), 4)},
    {.name = "references", .value = behind(kFile, offsetof(OpenFile, references), 4)},
    {.name = "close on exec",
     .format = Format::word,
     .value = at(offsetof(DescriptorSlot, close_on_exec), 1),
     .words = kNo},
    {.name = "object", .format = Format::hexadecimal, .value = at(kFile, 8)},
};

constexpr Table kFiles{
    .name = "files",
    .title = "Open files",
    .about = "Every descriptor; several may stand for one open file",
    .rows = {.shape = Shape::chunks,
             .stride = sizeof(DescriptorSlot),
             .base = posix::descriptor_chunks,
             .count = posix::kMostDescriptors,
             .per_chunk = posix::DescriptorChunk::kSlots,
             .only_where = kKind},
    .columns = kFileColumns,
};
TORO_OBJECT_TABLE(kFiles);

}  // namespace
}  // namespace toro::tables
