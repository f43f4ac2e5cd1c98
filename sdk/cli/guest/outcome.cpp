// The exit status protocol: one byte on port 0xe9, then a write to port 0xf4, which QEMU answers by ending with
// status 1.
#include "sdk/cli/guest/outcome.hpp"

#include <format>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

Outcome outcome_of(std::string_view left, int qemu_status, std::string_view qemu_errors) {
  // The first byte is main's; whatever follows comes of an end that went wrong.
  if (!left.empty()) return {static_cast<unsigned char>(left.front()), ""};
  auto errors = trimmed(qemu_errors);
  if (qemu_status == 0)
    return {kNoGuestStatus,
            "the guest was expected to end with a status and reset itself instead (a triple fault); "
            "`toro debug --stub qemu` can stop before it"};
  if (qemu_status == 1 && errors.empty())
    return {kNoGuestStatus, "the guest was expected to leave its exit status on port 0xe9 and ended without one"};
  if (qemu_status > 128)
    return {kNoGuestStatus, std::format("QEMU was expected to run the guest and was ended by signal {}{}{}",
                                        qemu_status - 128, errors.empty() ? "" : ": ", errors)};
  return {
      kNoGuestStatus,
      std::format("QEMU was expected to run the guest and ended with status {}: {}", qemu_status,
                  errors.empty() ? "it said nothing; `--print-command` prints the command to try by hand" : errors)};
}

}  // namespace toro::cli
