// Sockets as the tool needs them: a listener on the loopback address, clients of unix sockets.
#pragma once

#include <cstdint>
#include <filesystem>

#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {

struct Listener {
  FileDescriptor socket;
  std::uint16_t port;
};

/// Listens on 127.0.0.1; port 0 takes any that is free. Throws Failure when the port is in use, which names `what` it
/// is for.
Listener listen_on_loopback(std::uint16_t port, const char* what);

/// Whether a port is UDP's, or TCP's.
enum class Datagrams : std::uint8_t { no, yes };

/// Throws the same Failure where another program has the port.
void require_free_port(Datagrams datagrams, std::uint16_t port, const char* what);

/// The next client of a listener, non-blocking, without Nagle's delay.
FileDescriptor accept_client(const FileDescriptor& listener);

/// Listens on a new unix socket. Throws Failure.
FileDescriptor listen_unix(const std::filesystem::path& path);

/// Connects to a unix socket; empty when nobody listens there (yet).
FileDescriptor connect_unix(const std::filesystem::path& path);

}  // namespace toro::cli
