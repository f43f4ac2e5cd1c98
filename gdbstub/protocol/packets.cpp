#include "gdbstub/protocol/packets.hpp"

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

// One-letter packets of shape `joined` come last: they match any longer name that begins like them.
constexpr Packet kPackets[] = {
    // Connecting
    {"?", Shape::whole, stop_reason},
    {"QToroSession:", Shape::joined, new_session},
    {"qSupported", Shape::list, supported},
    {"QStartNoAckMode", Shape::whole, start_no_ack_mode},
    {"vMustReplyEmpty", Shape::whole, must_reply_empty},
    {"qAttached", Shape::list, attached},
    {"qOffsets", Shape::whole, image_offsets},
    {"qHostInfo", Shape::whole, host_info},
    {"qProcessInfo", Shape::whole, process_info},
    {"qGDBServerVersion", Shape::whole, server_version},
    {"QThreadSuffixSupported", Shape::whole, enable_thread_suffix},
    {"QListThreadsInStopReply", Shape::whole, enable_thread_list},
    {"QEnableErrorStrings", Shape::whole, enable_error_strings},
    // Threads
    {"qC", Shape::whole, current_thread},
    {"H", Shape::joined, select_thread},
    {"T", Shape::joined, thread_alive},
    {"qfThreadInfo", Shape::whole, first_threads},
    {"qsThreadInfo", Shape::whole, more_threads},
    {"qThreadExtraInfo,", Shape::joined, thread_extra_info},
    {"qThreadStopInfo", Shape::joined, thread_stop_info},
    {"jThreadsInfo", Shape::whole, threads_as_json},
    // Documents
    {"qXfer:features:read:", Shape::joined, transfer_features},
    {"qXfer:threads:read:", Shape::joined, transfer_threads},
    {"qXfer:osdata:read:", Shape::joined, transfer_osdata},
    // Registers and memory
    {"g", Shape::list, read_registers},
    {"G", Shape::joined, write_registers},
    {"p", Shape::joined, read_register},
    {"P", Shape::joined, write_register},
    {"m", Shape::joined, read_memory},
    {"M", Shape::joined, write_memory},
    {"x", Shape::joined, read_binary},
    {"X", Shape::joined, write_binary},
    {"qMemoryRegionInfo", Shape::list, memory_region},
    {"qCRC:", Shape::joined, crc},
    // Breakpoints
    {"Z", Shape::joined, insert_breakpoint},
    {"z", Shape::joined, remove_breakpoint},
    {"qWatchpointSupportInfo", Shape::list, watchpoint_support},
    // Going on
    {"vCont?", Shape::whole, resume_kinds},
    {"vCont;", Shape::joined, resume_actions},
    {"bc", Shape::whole, reverse_resume},
    {"bs", Shape::whole, reverse_step},
    {"c", Shape::joined, resume},
    {"C", Shape::joined, resume_with_signal},
    {"s", Shape::joined, step},
    {"S", Shape::joined, step_with_signal},
    // Ending
    {"D", Shape::list, detach},
    {"k", Shape::whole, kill},
    {"vKill", Shape::list, kill_process},
    {"R", Shape::joined, restart},
    // The stub's own words
    {"qRcmd,", Shape::joined, monitor},
};

constexpr bool matches(const Packet& packet, std::string_view payload) {
  if (!payload.starts_with(packet.name)) return false;
  const std::string_view rest = payload.substr(packet.name.size());
  switch (packet.shape) {
    case Shape::whole:
      return rest.empty();
    case Shape::joined:
      return true;
    case Shape::list:
      return rest.empty() || rest.front() == ':' || rest.front() == ';' || rest.front() == ',';
  }
  return false;
}

}  // namespace

std::span<const Packet> packets() {
  return kPackets;
}

void dispatch(Dialog& dialog, std::string_view payload) {
  dialog.reply.clear();
  dialog.silent = false;
  for (const Packet& packet : kPackets) {
    if (!matches(packet, payload)) continue;
    packet.handle(dialog, Scanner(payload.substr(packet.name.size())));
    return;
  }
}

}  // namespace toro::gdbstub
