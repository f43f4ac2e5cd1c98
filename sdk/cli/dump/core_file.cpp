#include "sdk/cli/dump/core_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <format>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {
namespace {

using Bytes = std::span<const std::byte>;

/// The part of a file, empty where the file has less.
Bytes part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

template <class T>
bool take(Bytes bytes, std::uint64_t offset, T& value) {
  const Bytes found = part(bytes, offset, sizeof value);
  if (found.empty()) return false;
  std::memcpy(&value, found.data(), sizeof value);
  return true;
}

Bytes map(const std::filesystem::path& file) {
  const FileDescriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!opened || fstat(opened.get(), &status) != 0)
    throw Failure(std::format("--dump was expected to name a memory dump: '{}' cannot be read", file.string()));
  const auto size = static_cast<std::size_t>(status.st_size);
  void* bytes = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.get(), 0);
  if (bytes == nullptr || bytes == MAP_FAILED)
    throw Failure(std::format("--dump was expected to name a memory dump: '{}' is empty or no file", file.string()));
  return {static_cast<const std::byte*>(bytes), size};
}

}  // namespace

CoreFile::CoreFile(const std::filesystem::path& file) : file_(map(file)) {
  Elf64_Ehdr header{};
  if (!take(file_, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_CORE ||
      header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr))
    throw Failure(std::format(
        "a memory dump of an x86-64 guest was expected (an ELF core, as `toro run` leaves after a panic): '{}' is none",
        file.string()));
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!take(file_, header.e_phoff + i * sizeof segment, segment)) break;
    const Bytes bytes = part(file_, segment.p_offset, segment.p_filesz);
    if (bytes.size() != segment.p_filesz)
      throw Failure(std::format("a whole memory dump was expected: '{}' ends within its memory", file.string()));
    if (segment.p_type == PT_LOAD) pieces_.push_back({segment.p_paddr, bytes});
    if (segment.p_type == PT_NOTE) take_notes(bytes);
  }
  if (processors_.empty())
    throw Failure(std::format("a memory dump by QEMU was expected: '{}' tells of no processor", file.string()));
}

CoreFile::~CoreFile() {
  munmap(const_cast<std::byte*>(file_.data()), file_.size());
}

void CoreFile::take_notes(Bytes notes) {
  constexpr auto aligned = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  Elf64_Nhdr note{};
  for (std::uint64_t at = 0; take(notes, at, note);) {
    const Bytes name = part(notes, at + sizeof note, note.n_namesz);
    const std::uint64_t content = at + sizeof note + aligned(note.n_namesz);
    DumpedProcessor processor{};
    if (name.size() == 5 && std::memcmp(name.data(), "QEMU", 5) == 0 && note.n_descsz == sizeof processor &&
        take(notes, content, processor))
      processors_.push_back(processor);
    at = content + aligned(note.n_descsz);
  }
}

std::size_t CoreFile::read(std::uint64_t address, std::span<std::byte> to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const std::uint64_t at = address + done;
    const auto piece = std::ranges::find_if(pieces_, [at](const Piece& candidate) {
      return at >= candidate.address && at - candidate.address < candidate.bytes.size();
    });
    if (piece == pieces_.end()) break;
    const Bytes found = piece->bytes.subspan(at - piece->address);
    const std::size_t size = std::min(found.size(), to.size() - done);
    std::memcpy(to.data() + done, found.data(), size);
    done += size;
  }
  return done;
}

}  // namespace toro::cli
