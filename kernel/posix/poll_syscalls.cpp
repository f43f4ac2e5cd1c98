// System calls of images that use poll or select. Linked where something refers to toro_poll_system_calls.
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/joined_calls.hpp"

extern "C" const char toro_file_system_calls;
extern "C" const char toro_poll_system_calls;
extern "C" constinit const char toro_poll_system_calls = 0;

namespace toro::posix {
namespace {

[[gnu::used]] const char* const files = &toro_file_system_calls;

constexpr auto kEntries = std::to_array<SyscallEntry>({
    {7, handle<call_poll>},
    {23, handle<call_select>},
    {270, handle<call_pselect>},
    {271, handle<call_ppoll>},
});

}  // namespace

Handler find_poll_call(std::uint64_t number) {
  return find_handler<kEntries>(number);
}

}  // namespace toro::posix
