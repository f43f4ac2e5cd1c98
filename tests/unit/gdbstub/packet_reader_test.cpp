#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "gdbstub/protocol/packet_reader.hpp"

using toro::gdbstub::PacketReader;
using Event = PacketReader::Event;

namespace {

/// Every event of a stream, with the payloads of packets.
std::vector<std::pair<Event, std::string>> read(std::string_view bytes) {
  std::array<char, 64> buffer;
  PacketReader reader(buffer);
  std::vector<std::pair<Event, std::string>> events;
  for (const char byte : bytes) {
    const Event event = reader.put(byte);
    if (event == Event::none) continue;
    events.emplace_back(event, event == Event::packet || event == Event::bad_checksum ? reader.payload() : "");
  }
  return events;
}

using Events = std::vector<std::pair<Event, std::string>>;

}  // namespace

TEST_CASE("packet reader: well-formed streams") {
  CHECK(read("$g#67") == Events{{Event::packet, "g"}});
  CHECK(read("$#00") == Events{{Event::packet, ""}});
  CHECK(read("+$g#67-") == Events{{Event::acknowledged, ""}, {Event::packet, "g"}, {Event::rejected, ""}});
  CHECK(read("$c#63\x03") == Events{{Event::packet, "c"}, {Event::interrupt, ""}});
  CHECK(read("$OK#9A") == Events{{Event::packet, "OK"}});
}

TEST_CASE("packet reader: escapes") {
  // '}' 0x03 is '#', '}' 0x5d is '}'; the checksum counts the bytes as they came.
  CHECK(read("$X}\x03}]#b2") == Events{{Event::packet, "X#}"}});
  CHECK(read("$m}#ea$g#67") == Events{{Event::packet, "m"}, {Event::packet, "g"}});  // nothing is left to escape
  CHECK(read("$a*b#ed") == Events{{Event::packet, "a*b"}});
}

TEST_CASE("packet reader: bad input costs one packet only") {
  CHECK(read("$g#00$g#67") == Events{{Event::bad_checksum, "g"}, {Event::packet, "g"}});
  CHECK(read("$g#zz$g#67") == Events{{Event::bad_checksum, "g"}, {Event::packet, "g"}});
  CHECK(read("$never ends$g#67") == Events{{Event::packet, "g"}});
  CHECK(read("$g#$g#67") == Events{{Event::packet, "g"}});
  CHECK(read("$g#6$g#67") == Events{{Event::packet, "g"}});
  CHECK(read("rubbish#12$g#67") == Events{{Event::packet, "g"}});
}

TEST_CASE("packet reader: 0x03 within a packet is data") {
  CHECK(read("$X\x03#5b") == Events{{Event::packet, "X\x03"}});
  CHECK(read("$c#\x03"
             "63") == Events{{Event::bad_checksum, "c"}});
}

TEST_CASE("packet reader: too long") {
  CHECK(read("$" + std::string(65536, 'a') + "#00$g#67") == Events{{Event::too_long, ""}, {Event::packet, "g"}});
  CHECK(read("$" + std::string(64, 'a') + "#40").front().first == Event::packet);
  CHECK(read("$" + std::string(65, 'a') + "#a1").front().first == Event::too_long);
}
