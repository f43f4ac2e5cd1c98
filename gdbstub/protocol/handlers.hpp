// The handlers that the packet table names, in groups by file. Each leaves its answer in `dialog.reply`.
#pragma once

#include "gdbstub/protocol/dialog.hpp"

namespace toro::gdbstub {

// query_packets.cpp
void new_session(Dialog& dialog, Scanner arguments);
void supported(Dialog& dialog, Scanner arguments);
void start_no_ack_mode(Dialog& dialog, Scanner arguments);
void must_reply_empty(Dialog& dialog, Scanner arguments);
void attached(Dialog& dialog, Scanner arguments);
void image_offsets(Dialog& dialog, Scanner arguments);
void crc(Dialog& dialog, Scanner arguments);
void monitor(Dialog& dialog, Scanner arguments);

// register_packets.cpp
void read_registers(Dialog& dialog, Scanner arguments);
void write_registers(Dialog& dialog, Scanner arguments);
void read_register(Dialog& dialog, Scanner arguments);
void write_register(Dialog& dialog, Scanner arguments);

// memory_packets.cpp
void read_memory(Dialog& dialog, Scanner arguments);
void write_memory(Dialog& dialog, Scanner arguments);
void read_binary(Dialog& dialog, Scanner arguments);
void write_binary(Dialog& dialog, Scanner arguments);
void memory_region(Dialog& dialog, Scanner arguments);

// breakpoint_packets.cpp
void insert_breakpoint(Dialog& dialog, Scanner arguments);
void remove_breakpoint(Dialog& dialog, Scanner arguments);
void watchpoint_support(Dialog& dialog, Scanner arguments);

// thread_packets.cpp
void current_thread(Dialog& dialog, Scanner arguments);
void select_thread(Dialog& dialog, Scanner arguments);
void thread_alive(Dialog& dialog, Scanner arguments);
void first_threads(Dialog& dialog, Scanner arguments);
void more_threads(Dialog& dialog, Scanner arguments);
void thread_extra_info(Dialog& dialog, Scanner arguments);

// resume_packets.cpp
void resume(Dialog& dialog, Scanner arguments);
void resume_with_signal(Dialog& dialog, Scanner arguments);
void step(Dialog& dialog, Scanner arguments);
void step_with_signal(Dialog& dialog, Scanner arguments);
void resume_actions(Dialog& dialog, Scanner arguments);
void resume_kinds(Dialog& dialog, Scanner arguments);
void reverse_resume(Dialog& dialog, Scanner arguments);
void reverse_step(Dialog& dialog, Scanner arguments);
void detach(Dialog& dialog, Scanner arguments);
void kill(Dialog& dialog, Scanner arguments);
void kill_process(Dialog& dialog, Scanner arguments);
void restart(Dialog& dialog, Scanner arguments);

// stop_packets.cpp
void stop_reason(Dialog& dialog, Scanner arguments);
void thread_stop_info(Dialog& dialog, Scanner arguments);
void threads_as_json(Dialog& dialog, Scanner arguments);
/// The `T` packet of one thread: the stop's own reason if it is the one that stopped, none otherwise.
void write_stop_reply(Dialog& dialog, ThreadId thread);

// transfer_packets.cpp
void transfer_features(Dialog& dialog, Scanner arguments);
void transfer_threads(Dialog& dialog, Scanner arguments);
void transfer_osdata(Dialog& dialog, Scanner arguments);

// lldb_packets.cpp
void enable_thread_suffix(Dialog& dialog, Scanner arguments);
void enable_thread_list(Dialog& dialog, Scanner arguments);
void enable_error_strings(Dialog& dialog, Scanner arguments);
void host_info(Dialog& dialog, Scanner arguments);
void process_info(Dialog& dialog, Scanner arguments);
void server_version(Dialog& dialog, Scanner arguments);

}  // namespace toro::gdbstub
