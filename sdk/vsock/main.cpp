// toro-vsock: the host's end of a guest's vsock device, a vhost-user backend. `toro run` starts it.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdio>
#include <format>
#include <optional>
#include <string_view>

#include "sdk/cli/host/failure.hpp"
#include "sdk/vsock/vhost_user.hpp"

namespace toro::bridge {
namespace {

constexpr std::string_view kUsage =
    "toro-vsock [--socket-path PATH] [--forward HOST:GUEST]... [--connect GUEST=HOST|PATH]...\n"
    "Listens at PATH, or at descriptor 0, for a machine monitor's vhost-user vsock device.\n"
    "--forward: a port of 127.0.0.1 leads to a vsock port of the guest.\n"
    "--connect: a vsock port that the guest connects to leads to a port of 127.0.0.1, or to a unix socket.\n";

struct Options {
  std::string socket;
  std::vector<Entrance> entrances;
  std::map<std::uint32_t, Target> targets;
};

template <class T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse(std::string_view option, std::string_view text) {
  throw cli::Failure(std::format("{}: '{}' was found; expected:\n{}", option, text, kUsage), cli::kUsageError);
}

void add_entrance(Options& options, std::string_view text) {
  const auto colon = text.find(':');
  const auto host = number<std::uint16_t>(text.substr(0, colon));
  const auto guest = colon == text.npos ? std::nullopt : number<std::uint32_t>(text.substr(colon + 1));
  if (!host || !guest) refuse("--forward", text);
  options.entrances.push_back({cli::listen_on_loopback(*host, "port").socket, *guest});
}

void add_target(Options& options, std::string_view text) {
  const auto equals = text.find('=');
  const auto guest = number<std::uint32_t>(text.substr(0, equals));
  if (!guest || equals == text.npos || equals + 1 == text.size()) refuse("--connect", text);
  const auto place = text.substr(equals + 1);
  const auto port = number<std::uint16_t>(place);
  options.targets[*guest] = port ? Target{{}, *port} : Target{std::string(place), 0};
}

Options parse(std::span<char*> words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view name = words[i];
    if (i + 1 == words.size()) refuse("a word behind it was expected", name);
    const std::string_view value = words[i + 1];
    if (name == "--socket-path")
      options.socket = value;
    else if (name == "--forward")
      add_entrance(options, value);
    else if (name == "--connect")
      add_target(options, value);
    else
      refuse("an option was expected", name);
  }
  return options;
}

/// A connection takes a descriptor.
void allow_many_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void serve(Options options) {
  allow_many_descriptors();
  EventLoop loop;
  FileDescriptor listener = options.socket.empty() ? FileDescriptor(STDIN_FILENO) : cli::listen_unix(options.socket);
  FileDescriptor monitor;
  const Registration waiting = loop.watch(listener.get(), POLLIN, [&](short) {
    monitor = FileDescriptor(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  });
  loop.run_until([&] { return bool(monitor); });
  Bridge bridge(loop, std::move(options.entrances), std::move(options.targets));
  VhostUser device(loop, std::move(monitor), bridge);
  loop.run_until([&] { return device.ended(); });
}

}  // namespace
}  // namespace toro::bridge

int main(int argc, char** argv) {
  using namespace toro;
  try {
    bridge::serve(bridge::parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1)));
    return 0;
  } catch (const cli::Failure& failure) {
    std::fprintf(stderr, "toro-vsock: %s\n", failure.what());
    return failure.exit_status();
  } catch (const bridge::Violation& violation) {
    std::fprintf(stderr, "toro-vsock: the guest breaks the rules of virtio: %s\n", violation.what());
    return 1;
  } catch (const cli::Interrupted& interrupted) {
    return 128 + interrupted.signal;
  }
}
