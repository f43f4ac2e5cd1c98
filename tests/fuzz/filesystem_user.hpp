// Uses a filesystem, whatever it contains: all that is found is listed and read, and some of it changed.
#pragma once

#include <string>
#include <vector>

#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

class FilesystemUser {
 public:
  explicit FilesystemUser(Filesystem& filesystem) : filesystem_(filesystem) {}

  void use() {
    list(filesystem_.root(), 0);
    const Node root = filesystem_.root();
    make(root, "new directory", FileType::directory);
    make(root, "a new file with a long name", FileType::regular);
    make(root, "link", FileType::symlink);
    for (std::size_t i = 0; i < places_.size() && i < 12; ++i) {
      const Place& place = places_[i];
      const Place& other = places_[places_.size() - 1 - i];
      if (const auto found = filesystem_.lookup(place.directory, place.name)) {
        change(*found, i);
        static_cast<void>(filesystem_.link(root, "second", found->node));
        filesystem_.release(found->node);
      }
      make(place.directory, "another new file", FileType::regular);
      static_cast<void>(filesystem_.rename(place.directory, place.name, other.directory, other.name));
      static_cast<void>(filesystem_.rename(other.directory, other.name, root, "moved"));
      static_cast<void>(filesystem_.unlink(other.directory, other.name, false));
      static_cast<void>(filesystem_.unlink(place.directory, place.name, true));
      static_cast<void>(filesystem_.unlink(root, "moved", i % 2 == 0));
    }
    static_cast<void>(filesystem_.statistics());
    static_cast<void>(filesystem_.sync());
    for (const Place& place : places_) filesystem_.release(place.directory);
  }

 private:
  static constexpr std::size_t kMostPlaces = 64;
  static constexpr unsigned kMostDepth = 6;

  struct Place {
    Node directory;  ///< held
    std::string name;
  };

  void make(Node directory, std::string_view name, FileType type) {
    const auto made = filesystem_.create(directory, name, {.type = type, .mode = 0644, .target = "somewhere/else"});
    if (!made) return;
    change(*made, 1);
    filesystem_.release(made->node);
  }
  void change(Found found, std::size_t amount) {
    if (found.type != FileType::regular) return;
    const std::vector<std::byte> bytes(3000);
    static_cast<void>(filesystem_.write(found.node, 7000 * amount, bytes));
    static_cast<void>(filesystem_.truncate(found.node, 900 * amount));
    AttributeChange times;
    times.modified = 1;
    static_cast<void>(filesystem_.change(found.node, times));
  }
  void look_at(Found found) {
    const auto attributes = filesystem_.attributes(found.node);
    std::vector<std::byte> bytes(20000);
    char target[kMostPath];
    if (found.type == FileType::symlink) static_cast<void>(filesystem_.read_link(found.node, target));
    if (found.type != FileType::regular || !attributes) return;
    static_cast<void>(filesystem_.read(found.node, 0, bytes));
    if (attributes->size > bytes.size())
      static_cast<void>(filesystem_.read(found.node, attributes->size - 1000, bytes));
  }
  void list(Node directory, unsigned depth) {
    std::vector<std::string> names;
    const auto add = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
      auto& to = *static_cast<std::vector<std::string>*>(context);
      to.emplace_back(name);
      return to.size() != kMostPlaces;
    };
    static_cast<void>(filesystem_.read_directory(directory, 0, {&names, add}));
    for (const std::string& name : names) {
      if (name == "." || name == ".." || name.empty() || name.contains('/') || places_.size() == kMostPlaces) continue;
      filesystem_.hold(directory);
      places_.push_back({directory, name});
      const auto found = filesystem_.lookup(directory, name);
      if (!found) continue;
      look_at(*found);
      if (found->type == FileType::directory && depth < kMostDepth) list(found->node, depth + 1);
      filesystem_.release(found->node);
    }
  }

  Filesystem& filesystem_;
  std::vector<Place> places_;
};

}  // namespace toro::filesystem
