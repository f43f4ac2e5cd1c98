// Tables of kernel objects for tools: a line with a table's name in, a line of JSON out.
#pragma once

#include <functional>
#include <list>
#include <string>

#include "sdk/cli/host/outlet.hpp"
#include "sdk/cli/host/socket.hpp"

namespace toro::cli {

class TableServer {
 public:
  using Answer = std::function<void(const std::string& json)>;
  /// Answers for a table, now or later, once. An empty name asks for the list of tables.
  using Source = std::function<void(const std::string& table, Answer answer)>;

  /// Any free port of the loopback address, any number of clients, answers in the order of the questions.
  TableServer(EventLoop& loop, Source source);
  ~TableServer();
  TableServer(const TableServer&) = delete;
  TableServer& operator=(const TableServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listener_.port; }

 private:
  struct Client;

  void accept();
  void readable(const std::shared_ptr<Client>& client);
  void ask_next(const std::shared_ptr<Client>& client);
  void drop(const std::shared_ptr<Client>& client);

  EventLoop& loop_;
  Source source_;
  Listener listener_;
  Registration acceptable_;
  Registration dropping_;
  std::list<std::shared_ptr<Client>> clients_;
};

}  // namespace toro::cli
