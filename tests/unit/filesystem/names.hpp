// A namespace with one filesystem at "/", and short words for what tests do with it.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {

struct Names {
  explicit Names(Filesystem& filesystem) {
    root.filesystem = &filesystem;
    REQUIRE(names.mount(root));
  }

  Result<> write(std::string_view path, std::string_view text, std::uint64_t at = 0) {
    OpenFile* const file = TRY(names.open({"", path}, OpenMode::write | OpenMode::create, 0644));
    const auto count = names.write_at(*file, at, std::as_bytes(std::span(text)));
    names.close(*file);
    if (!count) return failure(count.error());
    return *count == text.size() ? Result<>{} : failure(Error::no_space);
  }
  Result<std::string> read(std::string_view path) {
    OpenFile* const file = TRY(names.open({"", path}, OpenMode::read, 0));
    std::string text(TRY(names.attributes(*file)).size, '\0');
    const auto count = names.read_at(*file, 0, std::as_writable_bytes(std::span(text)));
    names.close(*file);
    if (!count) return failure(count.error());
    text.resize(*count);
    return text;
  }
  Result<std::vector<std::string>> list(std::string_view path) {
    OpenFile* const file = TRY(names.open({"", path}, OpenMode::read | OpenMode::directory, 0));
    std::vector<std::string> found;
    const auto add = [](void* context, std::string_view name, Found, std::uint64_t, std::uint64_t) {
      static_cast<std::vector<std::string>*>(context)->emplace_back(name);
      return true;
    };
    const auto done = names.read_directory(*file, {&found, add});
    names.close(*file);
    if (!done) return failure(done.error());
    found.erase(found.begin(), found.begin() + 2);
    return found;
  }

  Namespace names;
  Mount root;
};

}  // namespace toro::filesystem
