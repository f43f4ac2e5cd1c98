// What is known of a server's nodes.
#include "kernel/filesystem/fuse/items.hpp"

namespace toro::filesystem::fuse {
namespace {

/// FNV-1a, over the directory and the name.
std::uint32_t hash_of(const Item& parent, std::string_view name) {
  std::uint32_t hash = 2166136261U ^ static_cast<std::uint32_t>(parent.id * 0x9e3779b97f4a7c15U >> 32);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

Items::Items(Connection& connection) : connection_(connection) {
  root_.id = kRoot;
  root_.type = FileType::directory;
  root_.holds = 1;
}

void Items::forget_all() {
  while (oldest_ != nullptr) drop(*oldest_);
  close(root_);
}

Item** Items::place_of(std::uint64_t id) {
  Item** place = &item_buckets_[(id * 0x9e3779b97f4a7c15U >> 32) % kBuckets];
  while (*place != nullptr && (*place)->id != id) place = &(*place)->next;
  return place;
}

Result<Item*> Items::adopt(std::uint64_t id, FileType type) {
  if (id == 0 || id == kRoot) return failure(Error::damaged);  // the root has no name
  Item** const place = place_of(id);
  Item* item = *place;
  if (item != nullptr && item->type != type) {
    ++item->lookups;
    return failure(Error::damaged);
  }
  if (item == nullptr) {
    item = make<Item>();
    if (item == nullptr) {
      connection_.forget(id, 1);
      return failure(Error::no_memory);
    }
    item->id = id;
    item->type = type;
    *place = item;
    ++items_;
  }
  ++item->lookups;
  ++item->holds;
  return item;
}

/// Its files are closed with the last hold; names may still lead to it.
void Items::release(Item& item) {
  // Closing may wait, and another thread may hold the item meanwhile.
  while (item.holds == 1 && (item.reader || item.writer || item.listing != nullptr)) close(item);
  --item.holds;
  free_if_unused(item);
}

void Items::close(Item& item) {
  const auto reader = std::exchange(item.reader, std::nullopt);
  const auto writer = std::exchange(item.writer, std::nullopt);
  if (reader) connection_.release(Opcode::release, item.id, *reader);
  if (writer && writer != reader) connection_.release(Opcode::release, item.id, *writer);
  if (Listing* const listing = std::exchange(item.listing, nullptr)) {
    connection_.release(Opcode::release_directory, item.id, listing->handle);
    heap::free(listing->records);
    dispose(listing);
  }
}

void Items::free_if_unused(Item& item) {
  if (item.holds != 0 || item.names != 0) return;
  *place_of(item.id) = item.next;
  --items_;
  const std::uint64_t id = item.id;
  const std::uint64_t lookups = item.lookups;
  dispose(&item);
  connection_.forget(id, lookups);
}

Name** Items::place_of(const Item& parent, std::string_view name, std::uint32_t hash) {
  Name** place = &name_buckets_[hash % kBuckets];
  while (*place != nullptr && ((*place)->hash != hash || (*place)->parent != &parent || (*place)->view() != name))
    place = &(*place)->next;
  return place;
}

void Items::make_newest(Name& name) {
  name.older = newest_;
  name.newer = nullptr;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &name;
  newest_ = &name;
}

void Items::take_from_ages(Name& name) {
  (name.older == nullptr ? oldest_ : name.older->newer) = name.newer;
  (name.newer == nullptr ? newest_ : name.newer->older) = name.older;
}

Item* Items::find(Item& parent, std::string_view name) {
  Name* const known = *place_of(parent, name, hash_of(parent, name));
  if (known == nullptr || known->valid_until <= wall_clock()) return nullptr;
  take_from_ages(*known);
  make_newest(*known);
  return known->child;
}

void Items::remember(Item& parent, std::string_view name, Item& child, std::int64_t valid_until) {
  const std::uint32_t hash = hash_of(parent, name);
  if (Name* const known = *place_of(parent, name, hash)) {
    if (known->child == &child) {
      known->valid_until = valid_until;
      return;
    }
    drop(*known);
  }
  if (valid_until <= wall_clock()) return;
  while (names_ >= kMostNames) drop(*oldest_);
  void* const memory = heap::allocate(sizeof(Name) + name.size(), alignof(Name));
  if (memory == nullptr) return;
  Name** const place = place_of(parent, name, hash);
  if (*place != nullptr) return heap::free(memory);  // another thread's, while one was dropped
  auto* const made = new (memory) Name{.parent = &parent,
                                       .child = &child,
                                       .valid_until = valid_until,
                                       .hash = hash,
                                       .size = static_cast<std::uint8_t>(name.size())};
  std::memcpy(made->text(), name.data(), name.size());
  *place = made;
  make_newest(*made);
  ++names_;
  ++parent.names;
  ++child.names;
}

void Items::drop(Item& parent, std::string_view name) {
  if (Name* const known = *place_of(parent, name, hash_of(parent, name))) drop(*known);
}

void Items::drop(Name& name) {
  Item& parent = *name.parent;
  Item& child = *name.child;
  *place_of(parent, name.view(), name.hash) = name.next;
  take_from_ages(name);
  --names_;
  heap::free(&name);
  --child.names;
  free_if_unused(child);
  --parent.names;
  free_if_unused(parent);
}

}  // namespace toro::filesystem::fuse
