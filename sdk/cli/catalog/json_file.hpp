// Reading the SDK's JSON files with errors that name the file and the key.
#pragma once

#include <filesystem>
#include <format>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

/// Parses `text`, which came from `file`.
inline nlohmann::json parse_json(const std::string& text, const std::string& file) {
  auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_discarded()) {
    try {
      static_cast<void>(nlohmann::json::parse(text));
    } catch (const nlohmann::json::parse_error& error) {
      std::string what = error.what();
      throw Failure(std::format("{}: JSON was expected: {}", file, what.substr(what.find("] ") + 2)));
    }
  }
  if (!parsed.is_object()) throw Failure(std::format("{}: a JSON object was expected", file));
  return parsed;
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw Failure(std::format("{} was expected and cannot be read", file.string()));
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline nlohmann::json read_json(const std::filesystem::path& file) {
  return parse_json(read_text(file), file.string());
}

/// The value of `key`, which must be there and have the type.
template <typename T>
T required(const nlohmann::json& object, const std::string& key, const std::string& file) {
  if (!object.contains(key)) throw Failure(std::format("{}: the key \"{}\" was expected and is missing", file, key));
  try {
    return object.at(key).get<T>();
  } catch (const nlohmann::json::type_error&) {
    throw Failure(
        std::format("{}: the key \"{}\" has the wrong type: {} was found", file, key, object.at(key).type_name()));
  }
}

/// The value of `key`, or `otherwise` when it is not there.
template <typename T>
T optional_key(const nlohmann::json& object, const std::string& key, T otherwise, const std::string& file) {
  return object.contains(key) ? required<T>(object, key, file) : otherwise;
}

}  // namespace toro::cli
