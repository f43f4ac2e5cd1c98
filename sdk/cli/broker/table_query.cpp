#include "sdk/cli/broker/table_query.hpp"

#include <format>

namespace toro::cli {
namespace {

std::string unescaped(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool escape = bytes[i] == '}' && i + 1 < bytes.size();
    text += escape ? static_cast<char>(bytes[++i] ^ 0x20) : bytes[i];
  }
  return text;
}

}  // namespace

std::string TableQuery::begin(const std::string& table) {
  table_ = table;
  document_.clear();
  open_ = true;
  succeeded_ = false;
  return next();
}

std::string TableQuery::next() const {
  return framed(std::format("qXfer:osdata:read:{}:{:x},3000", table_, document_.size()));
}

// An acknowledgement is harmless where none was agreed on, so it is always sent.
std::string TableQuery::take(PacketTracker::Item item, std::string_view bytes) {
  if (item != PacketTracker::Item::packet) return {};
  const auto payload = payload_of(bytes);
  const char kind = payload.empty() ? 'E' : payload.front();
  if (kind != 'm' && kind != 'l') {
    open_ = false;
    return "+";
  }
  document_ += unescaped(payload.substr(1));
  if (kind == 'm') return "+" + next();
  open_ = false;
  succeeded_ = true;
  return "+";
}

}  // namespace toro::cli
