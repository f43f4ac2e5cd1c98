#include "sdk/cli/broker/table_server.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sdk/cli/broker/table_json.hpp"

namespace toro::cli {

struct TableServer::Client {
  FileDescriptor socket;
  std::unique_ptr<Outlet> outlet;
  Registration readable;
  std::string received;
  bool asking = false;
};

namespace {

/// What begins a question longer than any table's name is none.
constexpr std::size_t kLongestQuestion = 64;

bool is_name(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || (c >= '0' && c <= '9'); });
}

}  // namespace

TableServer::TableServer(EventLoop& loop, Source source)
    : loop_(loop), source_(std::move(source)), listener_(listen_on_loopback(0, "port of the tables")) {
  acceptable_ = loop_.watch(listener_.socket.get(), POLLIN, [this](short) { accept(); });
}

TableServer::~TableServer() = default;

void TableServer::accept() {
  auto socket = accept_client(listener_.socket);
  if (!socket) return;
  auto client = std::make_shared<Client>();
  client->socket = std::move(socket);
  const std::weak_ptr<Client> weak = client;
  const auto with = [weak](auto action) {
    if (const auto held = weak.lock()) action(held);
  };
  client->outlet = std::make_unique<Outlet>(loop_, client->socket.get(),
                                            [this, with] { with([this](const auto& held) { drop(held); }); });
  client->readable = loop_.watch(client->socket.get(), POLLIN,
                                 [this, with](short) { with([this](const auto& held) { readable(held); }); });
  clients_.push_back(std::move(client));
}

void TableServer::readable(const std::shared_ptr<Client>& client) {
  std::array<char, 4096> buffer;
  const auto count = ::read(client->socket.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return drop(client);
  client->received.append(buffer.data(), static_cast<std::size_t>(count));
  ask_next(client);
}

void TableServer::ask_next(const std::shared_ptr<Client>& client) {
  const auto end = client->received.find('\n');
  if (end == std::string::npos && client->received.size() > kLongestQuestion) return drop(client);
  if (client->asking || end == std::string::npos) return;
  const auto table = client->received.substr(0, end);
  client->received.erase(0, end + 1);
  client->asking = true;
  const std::weak_ptr<Client> weak = client;
  const Answer answer = [this, weak](const std::string& json) {
    const auto held = weak.lock();
    if (!held || !held->outlet) return;
    held->outlet->write(json + "\n");
    held->asking = false;
    ask_next(held);
  };
  if (is_name(table)) return source_(table, answer);
  answer(table_error_json(table, "a line with a table's name was expected, or an empty one for the list of tables"));
}

void TableServer::drop(const std::shared_ptr<Client>& client) {
  client->readable.reset();
  // The client's outlet may be what called.
  dropping_ = loop_.after(std::chrono::milliseconds(0),
                          [this] { std::erase_if(clients_, [](const auto& held) { return !held->readable; }); });
}

}  // namespace toro::cli
