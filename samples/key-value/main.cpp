// Keeps values by key for clients that ask in lines, "set KEY VALUE", "get KEY", "delete KEY", "count": key-value [PORT
// [COUNT]]. Ends after COUNT connections. All handlers are called by one thread: the map needs no lock.
#include <cstdio>
#include <cstdlib>
#include <map>

#include <toro/lines.hpp>
#include <toro/service.hpp>

namespace {

constexpr std::size_t kMostLine = 65536;
std::map<std::string, std::string, std::less<>> values;

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::string answer_to(std::string_view line) {
  const std::string_view command = take_word(line);
  if (command == "count") return std::to_string(values.size());
  const std::string_view key = take_word(line);
  const auto found = values.find(key);
  if (command == "set" && !key.empty()) {
    values.insert_or_assign(std::string(key), std::string(line));
    return "stored";
  }
  if (command == "get" && !key.empty()) return found == values.end() ? "none" : "value " + found->second;
  if (command == "delete" && !key.empty()) {
    if (found == values.end()) return "none";
    values.erase(found);
    return "deleted";
  }
  return "error: set KEY VALUE, get KEY, delete KEY or count was expected";
}

struct Client : toro::Connection {
  void on_receive(std::string_view bytes) override {
    received_ += bytes;
    while (const auto line = toro::take_line(received_)) send(answer_to(*line) + "\n");
    if (received_.size() > kMostLine) close();
  }

 private:
  std::string received_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 6379);
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : toro::Service::kUnlimited;
  toro::Service service;
  if (const auto listens = service.listen<Client>({{}, port}, count); !listens) {
    std::fprintf(stderr, "key-value: port %u: %s\n", port, toro::describe(listens.error()).data());
    return 1;
  }
  std::printf("keeping values at port %u\n", port);
  std::fflush(stdout);
  service.run();
}
