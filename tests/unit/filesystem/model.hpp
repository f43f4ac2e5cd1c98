// Random operations on a filesystem, each beside the same one on a model that is a map in memory.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "tests/unit/filesystem/names.hpp"

namespace toro::filesystem {

/// Files, folders and links as POSIX has them; names are short, so that they meet often.
class Model {
 public:
  struct Thing {
    FileType type = FileType::regular;
    std::string content;  ///< or a link's target
    std::map<std::string, std::shared_ptr<Thing>> entries;
    unsigned links = 0;
  };

  explicit Model(unsigned seed) : random_(seed) { root_->type = FileType::directory; }

  /// The most bytes that files have together; where a filesystem is full the model takes over what it did.
  std::size_t most_bytes = std::size_t{6} << 20;
  std::size_t longest_file = 300'000;
  bool has_links = true;  ///< symbolic and hard ones

  unsigned number(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }

  /// One operation on both; what happens must be the same.
  void step(Names& files) {
    const std::string at = path();
    switch (number(has_links ? 12 : 10)) {
      case 0:
      case 1:
      case 2:
        return write(files, at);
      case 3:
        return truncate(files, at);
      case 4:
        return make_directory(files, at);
      case 5:
        return unlink(files, at, false);
      case 6:
        return unlink(files, at, true);
      case 7:
        return rename(files, at, path());
      case 8:
        return read(files, at);
      case 9:
        return list(files, at);
      case 10:
        return link(files, at, path());
      default:
        return symlink(files, at);
    }
  }

  /// All that there is.
  void compare(Names& files) { compare(files, *root_, ""); }
  void compare(Names& files, const Thing& thing, const std::string& at) {
    const auto attributes = files.names.attributes({"", at.empty() ? "/" : at}, Last::keep);
    CAPTURE(at);
    REQUIRE(attributes);
    REQUIRE(attributes->type == thing.type);
    if (thing.type != FileType::directory) REQUIRE(attributes->links == thing.links);
    if (thing.type == FileType::regular) REQUIRE((*files.read(at) == thing.content));
    if (thing.type != FileType::directory) return;
    require_same_list(files, thing, at);
    for (const auto& [name, inner] : thing.entries) compare(files, *inner, at + "/" + name);
  }

 private:
  struct Place {
    Thing* folder = nullptr;
    std::string name;
    std::shared_ptr<Thing> thing;
  };

  std::string path() {
    std::string text;
    const unsigned depth = 1 + number(3);
    for (unsigned i = 0; i < depth; ++i) text += "/" + name();
    return text;
  }
  std::string name() {
    const unsigned n = number(40);
    return n < 30 ? std::to_string(n) : std::string(n * 5, static_cast<char>('a' + n - 30));
  }

  /// Paths of the model have no links on the way: these are `no_entry` or `not_directory` there and here.
  std::expected<Place, Error> find(const std::string& path) {
    Place place{root_.get(), "", root_};
    for (std::size_t begin = 1; begin <= path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      if (place.thing == nullptr) return failure(Error::no_entry);
      if (place.thing->type != FileType::directory) return failure(Error::not_directory);
      Thing& folder = *place.thing;
      const std::string name = path.substr(begin, end - begin);
      const auto entry = folder.entries.find(name);
      place = {&folder, name, entry == folder.entries.end() ? nullptr : entry->second};
      begin = end + 1;
    }
    return place;
  }

  /// What leads nowhere is as good as absent for what follows it.
  bool passes_link(const std::string& path) {
    std::shared_ptr<Thing> thing = root_;
    for (std::size_t begin = 1; begin <= path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      if (thing->type != FileType::directory) return thing->type == FileType::symlink;
      const auto entry = thing->entries.find(path.substr(begin, end - begin));
      if (entry == thing->entries.end()) return false;
      thing = entry->second;
      begin = end + 1;
    }
    return false;
  }

  template <class T>
  static void require_error(const Result<T>& result, Error error) {
    REQUIRE_FALSE(result);
    REQUIRE(static_cast<int>(result.error()) == static_cast<int>(error));
  }

  void write(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    if (place && place->thing != nullptr && place->thing->type == FileType::symlink) return;
    const unsigned offset = number(4) == 0 ? number(static_cast<unsigned>(longest_file)) : number(5000);
    std::string text(1 + number(number(8) == 0 ? 60'000 : 3000), '\0');
    for (char& c : text) c = static_cast<char>(random_());
    if (bytes_ + offset + text.size() > most_bytes) text.resize(1);
    const auto written = files.write(at, text, offset);
    if (!place) return require_error(written, place.error());
    if (place->thing != nullptr && place->thing->type == FileType::directory)
      return require_error(written, Error::is_directory);
    if (!written && written.error() == Error::no_space) return take_over(files, at, *place);
    REQUIRE(written);
    auto thing = place->thing;
    if (thing == nullptr) {
      thing = place->folder->entries[place->name] = std::make_shared<Thing>();
      thing->links = 1;
    }
    bytes_ -= thing->content.size();
    if (thing->content.size() < offset + text.size()) thing->content.resize(offset + text.size());
    thing->content.replace(offset, text.size(), text);
    bytes_ += thing->content.size();
  }

  /// The filesystem is full: how much of it was written is its own affair.
  void take_over(Names& files, const std::string& at, const Place& place) {
    const auto now = files.read(at);
    if (!now) {
      REQUIRE(place.thing == nullptr);
      return;
    }
    auto thing = place.thing;
    if (thing == nullptr) {
      thing = place.folder->entries[place.name] = std::make_shared<Thing>();
      thing->links = 1;
    }
    bytes_ += now->size() - thing->content.size();
    thing->content = *now;
  }

  void truncate(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    if (place && place->thing != nullptr && place->thing->type == FileType::symlink) return;
    const unsigned size = number(2) == 0 ? number(3000) : number(static_cast<unsigned>(longest_file));
    if (bytes_ + size > most_bytes) return;
    const auto done = files.names.truncate({"", at}, size);
    if (!place) return require_error(done, place.error());
    if (place->thing == nullptr) return require_error(done, Error::no_entry);
    if (place->thing->type == FileType::directory) return require_error(done, Error::is_directory);
    REQUIRE(done);
    bytes_ += size - place->thing->content.size();
    place->thing->content.resize(size);
  }

  void make_directory(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    const auto made = files.names.make_directory({"", at}, 0755);
    if (!place) return require_error(made, place.error());
    if (place->thing != nullptr) return require_error(made, Error::exists);
    if (!made && made.error() == Error::no_space) return;
    REQUIRE(made);
    const auto thing = place->folder->entries[place->name] = std::make_shared<Thing>();
    thing->type = FileType::directory;
  }

  void drop(Place& place) {
    if (--place.thing->links == 0 && place.thing->type == FileType::regular) bytes_ -= place.thing->content.size();
    place.folder->entries.erase(place.name);
  }

  void unlink(Names& files, const std::string& at, bool directory) {
    if (passes_link(at)) return;
    auto place = find(at);
    const auto done = files.names.unlink({"", at}, directory);
    if (!place) return require_error(done, place.error());
    if (place->thing == nullptr) return require_error(done, Error::no_entry);
    const bool is_directory = place->thing->type == FileType::directory;
    if (is_directory != directory)
      return require_error(done, is_directory ? Error::is_directory : Error::not_directory);
    if (!place->thing->entries.empty()) return require_error(done, Error::not_empty);
    REQUIRE(done);
    place->thing->links = place->thing->links == 0 ? 1 : place->thing->links;
    drop(*place);
  }

  static bool contains(const Thing& above, const Thing* thing) {
    if (&above == thing) return true;
    for (const auto& [name, inner] : above.entries)
      if (inner->type == FileType::directory && contains(*inner, thing)) return true;
    return false;
  }

  void rename(Names& files, const std::string& from, const std::string& to) {
    if (passes_link(from) || passes_link(to)) return;
    auto source = find(from);
    auto target = find(to);
    const auto done = files.names.rename({"", from}, {"", to});
    if (!source) return require_error(done, source.error());
    if (!target) return require_error(done, target.error());
    if (source->thing == nullptr) return require_error(done, Error::no_entry);
    const bool is_directory = source->thing->type == FileType::directory;
    if (is_directory && contains(*source->thing, target->folder)) return require_error(done, Error::invalid);
    if (target->thing == source->thing) {
      REQUIRE(done);
      return;
    }
    if (target->thing != nullptr) {
      const bool old_is_directory = target->thing->type == FileType::directory;
      if (is_directory && !old_is_directory) return require_error(done, Error::not_directory);
      if (!is_directory && old_is_directory) return require_error(done, Error::is_directory);
      if (!target->thing->entries.empty()) return require_error(done, Error::not_empty);
    }
    if (!done && done.error() == Error::no_space) return;
    REQUIRE(done);
    const auto moved = source->thing;
    source->folder->entries.erase(source->name);
    if (target->thing != nullptr) {
      if (target->thing->links == 0) target->thing->links = 1;
      drop(*target);
    }
    target->folder->entries[target->name] = moved;
  }

  void link(Names& files, const std::string& from, const std::string& to) {
    if (passes_link(from) || passes_link(to)) return;
    const auto source = find(from);
    const auto target = find(to);
    const auto done = files.names.link({"", from}, Last::keep, {"", to});
    if (!source) return require_error(done, source.error());
    if (source->thing == nullptr) return require_error(done, Error::no_entry);
    if (source->thing->type == FileType::directory) return require_error(done, Error::not_permitted);
    if (!target) return require_error(done, target.error());
    if (target->thing != nullptr) return require_error(done, Error::exists);
    if (!done && done.error() == Error::no_space) return;
    REQUIRE(done);
    target->folder->entries[target->name] = source->thing;
    ++source->thing->links;
  }

  void symlink(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    const std::string target(1 + number(number(3) == 0 ? 900 : 80), 'l');
    const auto done = files.names.make_symlink(target, {"", at});
    if (!place) return require_error(done, place.error());
    if (place->thing != nullptr) return require_error(done, Error::exists);
    if (!done && done.error() == Error::no_space) return;
    REQUIRE(done);
    const auto thing = place->folder->entries[place->name] = std::make_shared<Thing>();
    thing->type = FileType::symlink;
    thing->links = 1;
    thing->content = target;
  }

  void read(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    if (place && place->thing != nullptr && place->thing->type == FileType::symlink) {
      char target[1000];
      const auto size = files.names.read_link({"", at}, target);
      REQUIRE(size);
      REQUIRE((std::string_view(target, *size) == place->thing->content));
      return;
    }
    const auto found = files.read(at);
    if (!place) return require_error(found, place.error());
    if (place->thing == nullptr) return require_error(found, Error::no_entry);
    if (place->thing->type == FileType::directory) return require_error(found, Error::is_directory);
    REQUIRE(found);
    REQUIRE((*found == place->thing->content));
  }

  static void require_same_list(Names& files, const Thing& folder, const std::string& at) {
    auto found = files.list(at.empty() ? "/" : at);
    REQUIRE(found);
    std::erase(*found, "lost+found");
    std::ranges::sort(*found);
    std::vector<std::string> expected;
    for (const auto& [name, inner] : folder.entries) expected.push_back(name);
    REQUIRE((*found == expected));
  }

  void list(Names& files, const std::string& at) {
    if (passes_link(at)) return;
    const auto place = find(at);
    if (!place || place->thing == nullptr || place->thing->type != FileType::directory) return;
    require_same_list(files, *place->thing, at);
  }

  std::mt19937 random_;
  std::shared_ptr<Thing> root_ = std::make_shared<Thing>();
  std::size_t bytes_ = 0;
};

}  // namespace toro::filesystem
