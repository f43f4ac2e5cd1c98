// What one debugger and the stub have agreed on so far, as the packet handlers see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gdbstub/protocol/osdata.hpp"
#include "gdbstub/protocol/reply.hpp"
#include "gdbstub/protocol/scanner.hpp"
#include "gdbstub/protocol/target.hpp"
#include "gdbstub/transport/transport.hpp"

namespace toro::gdbstub {

/// Most data characters that a client may put into one packet.
inline constexpr std::size_t kPacketSize = 0x4000;
/// A reply may hold that many bytes of memory, each escaped or as two digits, and its frame.
inline constexpr std::size_t kReplySize = 2 * kPacketSize + 16;

/// What the machine is to do once the reply has been sent.
enum class Next : std::uint8_t { serve, resume, detach, power_off, restart };

/// What the client has said about itself.
struct ClientFeatures {
  bool no_acknowledgements = false;
  bool swbreak = false;
  bool hwbreak = false;
  bool thread_suffix = false;  ///< only LLDB asks for it
  bool threads_in_stop_reply = false;
  bool error_strings = false;
  bool bare_binary = false;  ///< `x` answers without the leading `b`
};

/// Where a document of many pieces goes on, so that one is not written from its beginning for each of them.
struct ThreadBookmark {
  Thread thread = {};
  std::uint64_t position = 0;  ///< in the document, where this thread's element begins; 0: none is known
};

struct Dialog {
  Target& target;
  Transport& transport;
  Reply reply;
  ClientFeatures client = {};
  ThreadId general = ThreadId::any;   ///< `Hg`
  ThreadId control = ThreadId::any;   ///< `Hc`
  ThreadId listed = ThreadId::any;    ///< the last that `qfThreadInfo` or `qsThreadInfo` named
  ThreadBookmark bookmark = {};       ///< of `qXfer:threads`, for this stop
  TableBookmark table_bookmark = {};  ///< of `qXfer:osdata`, for this stop
  StopEvent stop = {};
  ResumeRequest request = {};
  Next next = Next::serve;
  bool silent = false;  ///< this packet gets no reply

  /// Nothing is agreed on any more.
  void forget_client() {
    client = {};
    general = control = listed = ThreadId::any;
    request = {};
  }
  /// Sends the reply as it stands.
  void send() {
    const std::string_view packet = reply.packet();
    transport.send({packet.data(), packet.size()});
  }
  /// An error with its reason, `CATEGORY.SENTENCE`: GDB 13 shows the text of `E.`, LLDB decodes `Enn;HEX` once it has
  /// asked for error strings.
  void refuse(Error number, std::string_view reason) {
    if (client.error_strings) {
      reply.error(number);
      reply.put(';');
      HexText(reply).text(reason);
    } else {
      reply.text("E.");
      reply.text(reason);
    }
  }
  /// `thread` itself, or the stopped one where the client leaves the choice.
  [[nodiscard]] ThreadId chosen(ThreadId thread) const {
    return thread == ThreadId::any || thread == ThreadId::all ? stop.thread : thread;
  }
};

/// The end of LLDB's register packets, `;thread:N;`, or the thread of `Hg` where there is none; false where it is
/// malformed. [LLDB gdb-remote, QThreadSuffixSupported]
[[nodiscard]] bool take_thread_suffix(Dialog& dialog, Scanner& arguments, ThreadId& thread);

}  // namespace toro::gdbstub
