// The host tool: what went wrong becomes one sentence and an exit status here.
#include <nlohmann/json.hpp>

#include <cstdio>
#include <exception>
#include <format>
#include <string>
#include <vector>

#include "sdk/cli/command_line.hpp"
#include "sdk/cli/host/failure.hpp"

int main(int argc, char** argv) {
  using namespace toro::cli;
  std::vector<std::string> words(argv + 1, argv + argc);
  CommandLine command_line(words);
  try {
    return command_line.execute();
  } catch (const Failure& failure) {
    if (command_line.speaks_json()) {
      nlohmann::ordered_json event{{"event", "error"}, {"message", failure.what()}};
      std::fputs((event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n").c_str(), stderr);
    } else {
      std::fputs(std::format("toro: error: {}\n", failure.what()).c_str(), stderr);
    }
    return command_line.failure_status(failure.exit_status());
  } catch (const Interrupted& interrupted) {
    return 128 + interrupted.signal;
  } catch (const std::exception& error) {
    std::fputs(std::format("toro: error: something unexpected happened: {}\n", error.what()).c_str(), stderr);
    return command_line.failure_status(1);
  }
}
