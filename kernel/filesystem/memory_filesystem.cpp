// Files in memory.
#include "kernel/filesystem/memory_filesystem.hpp"

#include <algorithm>

namespace toro::filesystem {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kMostSize = std::uint64_t{1} << 40;
constexpr std::uint32_t kMostLinks = 65000;

/// FNV-1a, so that most names are passed by at one comparison of numbers.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

struct MemoryFilesystem::Entry {
  std::uint64_t cookie;  ///< ascending
  Item* item;
  char* name;
  std::uint32_t hash;
  std::uint8_t size;

  [[nodiscard]] std::string_view view() const { return {name, size}; }
};

struct MemoryFilesystem::Item {
  FileType type = FileType::regular;
  std::uint32_t mode = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t links = 0;
  std::uint32_t holds = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t accessed = 0, modified = 0, changed = 0;
  Item* parent = nullptr;  ///< of a directory
  std::uint64_t next_cookie = 1;
  Array<Entry> entries;
  Array<std::byte*> pages;              ///< null where nothing was written
  const std::byte* constant = nullptr;  ///< instead of pages
  Text target;

  void touch() { modified = changed = wall_clock(); }
  [[nodiscard]] Entry* find(std::string_view name) {
    const std::uint32_t hash = hash_of(name);
    for (Entry& entry : entries)
      if (entry.hash == hash && entry.view() == name) return &entry;
    return nullptr;
  }
  void free_pages_from(std::size_t first) {
    while (pages.size() > first) {
      heap::free(pages[pages.size() - 1]);
      pages.pop();
    }
  }
  [[nodiscard]] Result<> add_entry(std::string_view name, Item& what) {
    auto* const copy = static_cast<char*>(heap::allocate(name.size()));
    if (copy == nullptr) return failure(Error::no_memory);
    std::memcpy(copy, name.data(), name.size());
    const Entry entry{next_cookie, &what, copy, hash_of(name), static_cast<std::uint8_t>(name.size())};
    if (auto pushed = entries.push(entry); !pushed) {
      heap::free(copy);
      return pushed;
    }
    ++next_cookie;
    ++what.links;
    if (what.type == FileType::directory) {
      what.parent = this;
      ++what.links;  // its "."
      ++links;       // its ".."
    }
    touch();
    return {};
  }
};

MemoryFilesystem::MemoryFilesystem() {
  root_ = make<Item>();
  if (root_ == nullptr) return;
  root_->type = FileType::directory;
  root_->mode = 0755;
  root_->links = 2;
  root_->holds = 1;
  root_->inode = next_inode_++;
  root_->touch();
  ++items_;
}

Node MemoryFilesystem::root() {
  return reinterpret_cast<Node>(root_);
}

Found MemoryFilesystem::found(Item& item) {
  return {reinterpret_cast<Node>(&item), item.type};
}

Result<MemoryFilesystem::Item*> MemoryFilesystem::directory(Node node) const {
  if (node == 0) return failure(Error::no_memory);
  Item& of = item(node);
  if (of.type != FileType::directory) return failure(Error::not_directory);
  if (of.links == 0) return failure(Error::no_entry);  // removed while it is held
  return &of;
}

Result<Found> MemoryFilesystem::lookup(Node node, std::string_view name) {
  Item* const within = TRY(directory(node));
  Entry* const entry = within->find(name);
  if (entry == nullptr) return failure(Error::no_entry);
  ++entry->item->holds;
  return found(*entry->item);
}

void MemoryFilesystem::hold(Node node) {
  ++item(node).holds;
}

void MemoryFilesystem::release(Node node) {
  --item(node).holds;
  free_if_unused(item(node));
}

void MemoryFilesystem::free_if_unused(Item& of) {
  if (of.links != 0 || of.holds != 0) return;
  of.free_pages_from(0);
  dispose(&of);
  --items_;
}

Result<FileAttributes> MemoryFilesystem::attributes(Node node) {
  const Item& of = item(node);
  std::uint64_t allocated = 0;
  for (const std::byte* page : of.pages) allocated += page != nullptr ? kPage : 0;
  return FileAttributes{
      .type = of.type,
      .mode = of.mode,
      .links = of.links,
      .user = of.user,
      .group = of.group,
      .inode = of.inode,
      .size = of.type == FileType::directory ? of.entries.size() * sizeof(Entry) : of.size,
      .allocated = allocated,
      .accessed = of.accessed,
      .modified = of.modified,
      .changed = of.changed,
  };
}

Result<> MemoryFilesystem::change(Node node, const AttributeChange& change) {
  Item& of = item(node);
  of.mode = change.mode.value_or(of.mode);
  of.user = change.user.value_or(of.user);
  of.group = change.group.value_or(of.group);
  of.accessed = change.accessed.value_or(of.accessed);
  of.modified = change.modified.value_or(of.modified);
  of.changed = wall_clock();
  return {};
}

Result<std::size_t> MemoryFilesystem::read(Node node, std::uint64_t offset, std::span<std::byte> to) {
  const Item& of = item(node);
  if (offset >= of.size) return std::size_t{0};
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), of.size - offset));
  if (of.constant != nullptr) {
    std::memcpy(to.data(), of.constant + offset, count);
    return count;
  }
  for (std::size_t done = 0; done < count;) {
    const std::size_t at = (offset + done) % kPage;
    const std::size_t length = std::min(kPage - at, count - done);
    const std::size_t page = (offset + done) / kPage;
    if (page < of.pages.size() && of.pages[page] != nullptr)
      std::memcpy(to.data() + done, of.pages[page] + at, length);
    else
      std::memset(to.data() + done, 0, length);
    done += length;
  }
  return count;
}

Result<std::size_t> MemoryFilesystem::write(Node node, std::uint64_t offset, std::span<const std::byte> from) {
  Item& of = item(node);
  if (of.constant != nullptr) return failure(Error::read_only);
  if (from.empty()) return std::size_t{0};
  if (offset >= kMostSize || from.size() > kMostSize - offset) return failure(Error::too_large);
  const std::size_t pages = (offset + from.size() + kPage - 1) / kPage;
  if (pages > of.pages.size()) TRY(of.pages.resize(pages));
  std::size_t done = 0;
  while (done < from.size()) {
    const std::size_t at = (offset + done) % kPage;
    const std::size_t length = std::min(kPage - at, from.size() - done);
    std::byte*& page = of.pages[(offset + done) / kPage];
    if (page == nullptr) {
      page = static_cast<std::byte*>(heap::allocate(kPage));
      if (page == nullptr) break;
      std::memset(page, 0, kPage);
    }
    std::memcpy(page + at, from.data() + done, length);
    done += length;
  }
  if (done == 0) return failure(Error::no_space);
  of.size = std::max(of.size, offset + done);
  of.touch();
  return done;
}

Result<> MemoryFilesystem::truncate(Node node, std::uint64_t size) {
  Item& of = item(node);
  if (of.type != FileType::regular) return failure(Error::is_directory);
  if (of.constant != nullptr) return failure(Error::read_only);
  if (size > kMostSize) return failure(Error::too_large);
  if (size < of.size) {
    of.free_pages_from((size + kPage - 1) / kPage);
    const std::size_t at = size % kPage;
    const std::size_t last = size / kPage;
    if (at != 0 && last < of.pages.size() && of.pages[last] != nullptr) std::memset(of.pages[last] + at, 0, kPage - at);
  }
  of.size = size;
  of.touch();
  return {};
}

Result<std::size_t> MemoryFilesystem::read_link(Node node, std::span<char> to) {
  const Item& of = item(node);
  if (of.type != FileType::symlink) return failure(Error::invalid);
  const std::string_view target = of.target.view();
  std::memcpy(to.data(), target.data(), std::min(to.size(), target.size()));
  return target.size();
}

Result<> MemoryFilesystem::read_directory(Node node, std::uint64_t cookie, EntrySink sink) {
  Item* const within = TRY(directory(node));
  const Entry* entry = std::lower_bound(within->entries.begin(), within->entries.end(), cookie,
                                        [](const Entry& e, std::uint64_t c) { return e.cookie < c; });
  for (; entry != within->entries.end(); ++entry)
    if (!sink.add(sink.context, entry->view(), found(*entry->item), entry->item->inode, entry->cookie + 1)) break;
  return {};
}

Result<Found> MemoryFilesystem::create(Node node, std::string_view name, const NewNode& what) {
  Item* const within = TRY(directory(node));
  if (within->find(name) != nullptr) return failure(Error::exists);
  if (what.type == FileType::directory && within->links >= kMostLinks) return failure(Error::too_many_links);
  Text target = TRY(Text::copy(what.target));
  Owned<Item> created(make<Item>());
  if (created == nullptr) return failure(Error::no_memory);
  created->type = what.type;
  created->mode = what.mode;
  created->inode = next_inode_++;
  created->size = what.target.size();
  created->target = std::move(target);
  created->accessed = wall_clock();
  created->touch();
  TRY(within->add_entry(name, *created));
  ++items_;
  ++created->holds;
  return found(*created.release());
}

Result<> MemoryFilesystem::link(Node node, std::string_view name, Node existing) {
  Item* const within = TRY(directory(node));
  Item& of = item(existing);
  if (of.type == FileType::directory) return failure(Error::not_permitted);
  if (of.links == 0) return failure(Error::no_entry);
  if (of.links >= kMostLinks) return failure(Error::too_many_links);
  if (within->find(name) != nullptr) return failure(Error::exists);
  of.changed = wall_clock();
  return within->add_entry(name, of);
}

/// The entry is gone, what it named may be.
void MemoryFilesystem::remove_entry(Item& within, Entry& entry) {
  Item& of = *entry.item;
  heap::free(entry.name);
  within.entries.erase(static_cast<std::size_t>(&entry - within.entries.begin()));
  within.touch();
  --of.links;
  if (of.type == FileType::directory) {
    --of.links;
    --within.links;
    of.parent = nullptr;
  }
  of.changed = wall_clock();
  free_if_unused(of);
}

Result<> MemoryFilesystem::unlink(Node node, std::string_view name, bool directory_expected) {
  Item* const within = TRY(directory(node));
  Entry* const entry = within->find(name);
  if (entry == nullptr) return failure(Error::no_entry);
  const bool is_directory = entry->item->type == FileType::directory;
  if (is_directory != directory_expected) return failure(is_directory ? Error::is_directory : Error::not_directory);
  if (!entry->item->entries.empty()) return failure(Error::not_empty);
  remove_entry(*within, *entry);
  return {};
}

Result<> MemoryFilesystem::rename(Node from, std::string_view name, Node to, std::string_view new_name) {
  Item* const source = TRY(directory(from));
  Item* const target = TRY(directory(to));
  Entry* const entry = source->find(name);
  if (entry == nullptr) return failure(Error::no_entry);
  Item& moved = *entry->item;
  const bool is_directory = moved.type == FileType::directory;
  for (const Item* above = target; is_directory && above != nullptr; above = above->parent)
    if (above == &moved) return failure(Error::invalid);
  const Entry* const old = target->find(new_name);
  const bool replaces = old != nullptr;
  if (replaces) {
    if (old->item == &moved) return {};
    const bool old_is_directory = old->item->type == FileType::directory;
    if (is_directory && !old_is_directory) return failure(Error::not_directory);
    if (!is_directory && old_is_directory) return failure(Error::is_directory);
    if (!old->item->entries.empty()) return failure(Error::not_empty);
  }
  TRY(target->add_entry(new_name, moved));                       // for want of memory nothing has changed
  if (replaces) remove_entry(*target, *target->find(new_name));  // the first of that name
  remove_entry(*source, *source->find(name));
  if (is_directory) moved.parent = target;
  return {};
}

Statistics MemoryFilesystem::statistics() {
  return {.magic = 0x01021994, .files = items_};  // TMPFS_MAGIC
}

Result<> MemoryFilesystem::add(std::string_view path, std::span<const std::byte> content) {
  Node within = root();
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (name.empty()) continue;
    auto next = lookup(within, name);
    const bool last = path.empty();
    const NewNode what{.type = last ? FileType::regular : FileType::directory, .mode = last ? 0444U : 0755U};
    if (!next) next = create(within, name, what);
    const Found child = TRY(std::move(next));
    within = child.node;
    release(within);  // it has a name
    if (!last) continue;
    item(within).constant = content.data();
    item(within).size = content.size();
  }
  return {};
}

/// Directories lie at most as deep as a path is long.
void MemoryFilesystem::free_tree(Item& of) {
  for (Entry& entry : of.entries) {
    heap::free(entry.name);
    if (entry.item->type == FileType::directory)
      free_tree(*entry.item);
    else if (--entry.item->links == 0) {
      entry.item->free_pages_from(0);
      dispose(entry.item);
    }
  }
  dispose(&of);
}

void MemoryFilesystem::destroy() {
  if (root_ != nullptr) free_tree(*root_);
  dispose(this);
}

}  // namespace toro::filesystem
