#include "gdbstub/protocol/session.hpp"

#include "gdbstub/protocol/handlers.hpp"
#include "gdbstub/protocol/packets.hpp"

namespace toro::gdbstub {

void Session::acknowledge(char sign) {
  if (!dialog_.client.no_acknowledgements) dialog_.transport.send({&sign, 1});
}

void Session::send() {
  dialog_.send();
  sent_ = true;
}

void Session::stopped(const StopEvent& event) {
  dialog_.stop = event;
  dialog_.next = Next::serve;
  dialog_.general = ThreadId::any;
  dialog_.bookmark = {};
  dialog_.table_bookmark = {};
  if (!awaited_) return;
  awaited_ = false;
  write_stop_reply(dialog_, event.thread);
  send();
}

void Session::receive(char byte) {
  switch (reader_.put(byte)) {
    case PacketReader::Event::none:
    case PacketReader::Event::acknowledged:
    case PacketReader::Event::interrupt:
      return;  // it stands already; the stop has been told or nobody asked
    case PacketReader::Event::rejected:
      if (sent_ && !dialog_.client.no_acknowledgements) dialog_.send();
      return;
    case PacketReader::Event::bad_checksum:
      // Without acknowledgements nobody would send it again, and the line is reliable. [GDB RSP, Packet Acknowledgment]
      if (!dialog_.client.no_acknowledgements) {
        acknowledge('-');
        return;
      }
      answer(reader_.payload());
      return;
    case PacketReader::Event::too_long:
      attached_ = true;
      acknowledge('+');
      dialog_.reply.error(Error::too_long);
      send();
      return;
    case PacketReader::Event::packet:
      acknowledge('+');
      answer(reader_.payload());
      return;
  }
}

void Session::answer(std::string_view payload) {
  attached_ = true;
  dispatch(dialog_, payload);
  if (dialog_.next == Next::resume) {
    awaited_ = true;
    return;
  }
  if (!dialog_.silent) send();
  if (dialog_.next == Next::detach) disconnected();
}

Session::WhileRunning Session::receive_while_running(char byte) {
  if (byte == '\x03') return WhileRunning::break_in;
  if (byte != '$') return WhileRunning::ignored;
  awaited_ = false;
  return WhileRunning::packet;
}

void Session::exited(std::uint8_t status) {
  if (!awaited_) return;
  awaited_ = false;
  dialog_.reply.clear();
  dialog_.reply.put('W');
  dialog_.reply.hex_padded(status, 2);
  send();
}

void Session::disconnected() {
  const Next next = dialog_.next == Next::serve || dialog_.next == Next::resume ? Next::detach : dialog_.next;
  dialog_.target.remove_all_breakpoints();
  dialog_.forget_client();
  dialog_.next = next;
  reader_.reset();
  attached_ = awaited_ = sent_ = false;
}

}  // namespace toro::gdbstub
