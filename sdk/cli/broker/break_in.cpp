// Who owes whom an answer.
#include "sdk/cli/broker/break_in.hpp"

namespace toro::cli {
namespace {

bool resumes(std::string_view payload) {
  if (payload.starts_with("vCont;")) return true;
  return !payload.empty() && std::string_view("cCsSD").contains(payload.front());
}

bool reports_stop(std::string_view payload) {
  return !payload.empty() && std::string_view("TSWX").contains(payload.front());
}

}  // namespace

void BreakIn::connected() {
  running_ = false;
  awaiting_ = false;
}

BreakIn::Timer BreakIn::debugger_sent(PacketTracker::Item item, std::string_view bytes) {
  using Item = PacketTracker::Item;
  if (item == Item::packet) {
    auto payload = payload_of(bytes);
    if (resumes(payload)) {
      running_ = true;
      awaiting_ = false;
      return Timer::stop;
    }
    awaiting_ = true;
    return Timer::start;
  }
  if (item == Item::interrupt && running_) {
    awaiting_ = true;
    return Timer::start;
  }
  return Timer::unchanged;
}

BreakIn::Timer BreakIn::stub_sent(PacketTracker::Item item, std::string_view bytes) {
  guest_alive_ = true;
  if (item == PacketTracker::Item::packet && reports_stop(payload_of(bytes))) running_ = false;
  // An acknowledgement of a resume, or console output, is no stop.
  if (running_ && item != PacketTracker::Item::packet) return Timer::unchanged;
  awaiting_ = false;
  return Timer::stop;
}

bool BreakIn::timer_fired() {
  // A guest that never gave a sign may not have an interrupt table yet: an NMI would reset it.
  if (!awaiting_ || !guest_alive_ || holding_) return false;
  holding_ = true;
  return true;
}

BreakIn::Timer BreakIn::injected() {
  holding_ = false;
  return awaiting_ ? Timer::start : Timer::unchanged;
}

}  // namespace toro::cli
