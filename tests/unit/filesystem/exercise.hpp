// Anything at all on a filesystem whose medium may have anything: nothing but an error may come of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

/// Bytes that decide; zeros when they are used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint32_t number(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 8 | byte();
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class Exercise {
 public:
  explicit Exercise(Filesystem& filesystem) : filesystem_(filesystem) {
    filesystem_.hold(filesystem_.root());
    held_.push_back(filesystem_.root());
  }
  ~Exercise() {
    for (const Node node : held_) filesystem_.release(node);
    static_cast<void>(filesystem_.finish());
    filesystem_.destroy();
  }

  /// Holds all that names lead to, a few levels deep, and reads it.
  void walk(Node directory, unsigned depth = 0) {
    struct List {
      std::vector<std::string> names;
    } list;
    const auto add = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
      auto& to = *static_cast<List*>(context);
      to.names.emplace_back(name);
      return to.names.size() < 40;
    };
    static_cast<void>(filesystem_.read_directory(directory, 0, {&list, add}));
    for (const auto& name : list.names) {
      const auto found = filesystem_.lookup(directory, name);
      if (!found) continue;
      held_.push_back(found->node);
      names_.push_back(name);
      read(found->node, 0, 3000);
      if (depth < 3 && held_.size() < 60) walk(found->node, depth + 1);
    }
  }

  void step(Choices& choices) {
    const Node node = held_[choices.byte() % held_.size()];
    const Node other = held_[choices.byte() % held_.size()];
    const std::string name = name_of(choices);
    const std::uint64_t at = std::uint64_t{choices.byte()} << choices.byte() % 40;
    switch (choices.byte() % 14) {
      case 0:
        return keep(filesystem_.lookup(node, name));
      case 1:
        return keep(filesystem_.create(node, name, {.type = FileType::regular, .mode = 0644}));
      case 2:
        return keep(filesystem_.create(node, name, {.type = FileType::directory, .mode = 0755}));
      case 3: {
        const std::string target(1 + choices.byte(), 't');
        return keep(filesystem_.create(node, name, {.type = FileType::symlink, .mode = 0777, .target = target}));
      }
      case 4:
        return static_cast<void>(filesystem_.unlink(node, name, false));
      case 5:
        return static_cast<void>(filesystem_.unlink(node, name, true));
      case 6:
        return static_cast<void>(filesystem_.rename(node, name, other, name_of(choices)));
      case 7:
        return static_cast<void>(filesystem_.link(node, name, other));
      case 8:
        return write(node, at, choices.number(2) % 5000);
      case 9:
        return static_cast<void>(filesystem_.truncate(node, at));
      case 10:
        return read(node, at, 5000);
      case 11:
        return static_cast<void>(filesystem_.sync());
      case 12:
        return change(node, choices.number(2));
      default:
        if (held_.size() > 1 && node != filesystem_.root()) {
          filesystem_.release(node);
          held_.erase(std::ranges::find(held_, node));
        }
    }
  }

 private:
  std::string name_of(Choices& choices) {
    const std::uint8_t n = choices.byte();
    if (n < 128 && !names_.empty()) return names_[n % names_.size()];
    return std::string(1 + n % 8 * 30, static_cast<char>('a' + n % 16));
  }
  void keep(const Result<Found>& found) {
    if (!found) return;
    if (held_.size() < 100)
      held_.push_back(found->node);
    else
      filesystem_.release(found->node);
  }
  void read(Node node, std::uint64_t at, std::size_t count) {
    std::vector<std::byte> to(count);
    const auto attributes = filesystem_.attributes(node);
    if (attributes && attributes->type == FileType::regular) static_cast<void>(filesystem_.read(node, at, to));
    std::array<char, 300> target;
    if (attributes && attributes->type == FileType::symlink) static_cast<void>(filesystem_.read_link(node, target));
  }
  void change(Node node, std::uint32_t mode) {
    AttributeChange change;
    change.mode = mode;
    change.modified = 0;
    static_cast<void>(filesystem_.change(node, change));
  }
  void write(Node node, std::uint64_t at, std::size_t count) {
    const std::vector<std::byte> from(count, std::byte{'w'});
    const auto attributes = filesystem_.attributes(node);
    if (attributes && attributes->type == FileType::regular) static_cast<void>(filesystem_.write(node, at, from));
  }

  Filesystem& filesystem_;
  std::vector<Node> held_;
  std::vector<std::string> names_;
};

}  // namespace toro::filesystem
