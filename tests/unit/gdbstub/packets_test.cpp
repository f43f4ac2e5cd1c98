#include <doctest/doctest.h>

#include <format>

#include "gdbstub/protocol/packets.hpp"
#include "tests/unit/gdbstub/fake_target.hpp"

using namespace toro::gdbstub;
using namespace toro::gdbstub::test;

namespace {

struct Row {
  std::string_view packet;
  std::string_view reply;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    Bench bench;
    CAPTURE(row.packet);
    CHECK(bench.ask(row.packet) == row.reply);
  }
}

}  // namespace

TEST_CASE("packets: connecting") {
  check({
      {"vMustReplyEmpty", ""},
      {"qAttached", "1"},
      {"qAttached:1", "1"},
      {"qOffsets", "TextSeg=1000"},
      {"qC", "QC1"},
      {"qTStatus", ""},
      {"qSymbol::", ""},
      {"qL1200000000000000000", ""},
      {"vCont?", "vCont;c;C;s;S;r"},
      {"qWatchpointSupportInfo:", "num:4;"},
      {"QEnableErrorStrings", "OK"},
      {"QThreadSuffixSupported", "OK"},
      {"QListThreadsInStopReply", "OK"},
      {"qGDBServerVersion", "name:toro-gdbstub;version:1;"},
      {"vRun;", ""},
      {"QNonStop:1", ""},
      {"vFile:open:00", ""},
      {"", ""},
      {"\xff\xfe", ""},
      {"qSupportedX", ""},
  });
  Bench bench;
  const std::string supported = bench.ask("qSupported:swbreak+;hwbreak+");
  CHECK(supported.starts_with("PacketSize=4000;"));
  CHECK(supported.find("memory-map") == std::string::npos);
  bench.target.place = {.linked = 0x100000, .loaded = 0x8a3000};
  CHECK(bench.ask("qOffsets") == "TextSeg=8a3000");
  CHECK(bench.ask("QThreadSuffixSupported") == "OK");
  CHECK(bench.ask("qOffsets") == "Text=7a3000;Data=7a3000;Bss=7a3000");
  CHECK(bench.ask("qHostInfo").find("triple:" + hex("x86_64-")) == 0);
  CHECK(bench.ask("qProcessInfo").find("ptrsize:8;") != std::string::npos);
}

TEST_CASE("packets: every name in the table is reached") {
  for (const Packet& packet : packets()) {
    CAPTURE(packet.name);
    std::size_t fitting = 0;
    for (const Packet& other : packets()) {
      fitting += packet.name.starts_with(other.name) && other.shape == Shape::joined;
    }
    CHECK(fitting <= 1);
  }
}

TEST_CASE("packets: memory") {
  check({
      {"m1000,4", "00010203"},
      {"m1000,0", ""},
      {"m8ffe,8", "feff"},
      {"m0,4", "E14"},
      {"m9000,1", "E14"},
      {"mffffffffffffffff,1", "E14"},
      {"m10000000000000000,1", "E22"},
      {"m", "E22"},
      {"m1000", "E22"},
      {"m1000,", "E22"},
      {"m1000,4x", "E22"},
      {"mzzz,1", "E22"},
      {"M1000,2:abCD", "OK"},
      {"M1000,2:abc", "E22"},
      {"M1000,2:abcdef", "E22"},
      {"M1000,2:zzzz", "E22"},
      {"M1000,2", "E22"},
      {"M0,1:00", "E14"},
      {"M8fff,2:0000", "E14"},
      {"M1000,ffffffffffffffff:00", "E22"},
      {"X1000,0:", "OK"},
      {"X1000,2:ab", "OK"},
      {"X1000,3:ab", "E22"},
      {"X0,1:a", "E14"},
      {"x0,0", "OK"},
      {"x1041,3", "bABC"},
      {"x0,1", "E14"},
      {"x1000", "E22"},
      {"qMemoryRegionInfo", "OK"},
      {"qMemoryRegionInfo:1234", "start:1000;size:8000;permissions:rw;"},
      {"qMemoryRegionInfo:0", "start:0;size:1000;"},
      {"qMemoryRegionInfo:z", "E22"},
      {"qCRC:1000,0", "Cffffffff"},
      {"qCRC:0,4", "E14"},
      {"qCRC:1000,ffffffffffff", "E22"},
      {"qCRC:1000", "E22"},
  });
  Bench bench;
  CHECK(bench.ask("M1000,2:abCD") == "OK");
  CHECK(bench.target.memory[1] == std::byte{0xcd});
  CHECK(bench.ask("x0,0") == "OK");
  CHECK(bench.ask("x1041,3") == "ABC");
  // '#', '$', '*' and '}' in data.
  CHECK(bench.ask("x1023,2") == "}\x03}\x04");
  CHECK(bench.ask("x102a,1") == "}\x0a");
  CHECK(bench.ask("x107d,1") == "}]");
  bench.feed(framed("X1000,2:}\x03}]"));
  CHECK(bench.target.memory[0] == std::byte{'#'});
  CHECK(bench.target.memory[1] == std::byte{'}'});
  // GDB's own sum of "123456789" by the same polynomial.
  for (int i = 0; i < 9; ++i) bench.target.memory[static_cast<std::size_t>(i)] = static_cast<std::byte>('1' + i);
  CHECK(bench.ask("qCRC:1000,9") == "C376e6e7");
  bench.target.place = {.linked = 0x1000 - 0x100, .loaded = 0x1000};
  CHECK(bench.ask("qCRC:f00,9") == "C376e6e7");
}

TEST_CASE("packets: device registers see one access of their width") {
  for (const std::size_t size : {1u, 2u, 4u, 8u}) {
    Bench bench;
    bench.ask("m1000," + std::to_string(size));
    CHECK(bench.target.accesses == std::vector{size});
  }
}

TEST_CASE("packets: registers") {
  Bench bench;
  CHECK(bench.ask("p1") == "1011121314151617");
  CHECK(bench.ask("p1;thread:2;") == "1011121314151617");
  CHECK(bench.ask("p0;thread:2;") == "xxxxxxxxxxxxxxxx");
  CHECK(bench.ask("p11") == "10111213");
  CHECK(bench.ask("P1=0102030405060708") == "OK");
  CHECK(bench.ask("p1") == "0102030405060708");
  CHECK(bench.ask("P1=0102030405060708;thread:0003;") == "OK");
  CHECK(bench.target.registers[2][1][0] == std::byte{1});
  const std::string all = bench.ask("g");
  CHECK(all.substr(16, 16) == "0102030405060708");
  std::size_t bytes = 0;
  const RegisterSet& set = bench.target.register_set();
  for (std::size_t i = 0; i < set.general_count; ++i) bytes += set.registers[i].bytes();
  CHECK(all.size() == 2 * bytes);
  CHECK(bench.ask("G" + all) == "OK");
  CHECK(bench.ask("g") == all);
  CHECK(bench.ask("G" + bench.ask("g;thread:2;") + ";thread:2;") == "OK");
  CHECK(bench.ask("Hg2") == "OK");
  CHECK(bench.ask("g").starts_with("xxxxxxxxxxxxxxxx"));
  CHECK(bench.ask("Hg0") == "OK");
  for (const std::string_view packet : {"p", "pzz", "p1000", "p1;thread:;", "p1;nonsense", "P1", "P1=", "P1=00",
                                        "P1=zz", "P1=010203040506070809", "P1000=00", "G", "G00", "Gzz"}) {
    CAPTURE(packet);
    if (packet == "G") {
      CHECK(bench.ask(packet) == "OK");  // no register is a prefix of all
    } else {
      CHECK(bench.ask(packet) == "E22");
    }
  }
  CHECK(bench.ask("G" + all + "00") == "E22");
  CHECK(bench.ask("p1;thread:77;") == "E03");
  CHECK(bench.ask("g;thread:77;") == "E03");
}

TEST_CASE("packets: breakpoints") {
  check({
      {"Z0,1000,1", "OK"},
      {"z0,1000,1", "OK"},
      {"Z0,0,1", "E14"},
      {"Z1,1000,1", "OK"},
      {"Z2,1001,8", "OK"},
      {"Z2,1001,10", "E.hwbp.all 4 debug registers are in use"},
      {"Z2,1000,20", "OK"},
      {"Z2,1000,21", "E.hwbp.all 4 debug registers are in use"},
      {"Z3,1000,4", ""},
      {"Z4,1000,4", "OK"},
      {"Z5,1000,4", "E22"},
      {"Z", "E22"},
      {"Z0", "E22"},
      {"Z0,1000", "E22"},
      {"Z0,1000,1;X1,0", "E22"},
      {"Z2,1000,0", "E22"},
      {"Z2,ffffffffffffffff,8", "E22"},
  });
  Bench bench;
  for (const char* packet : {"Z1,1000,1", "Z1,1001,1", "Z1,1002,1", "Z1,1003,1", "Z1,1003,1"}) {
    CHECK(bench.ask(packet) == "OK");
  }
  CHECK(bench.ask("Z1,1004,1") == "E.hwbp.all 4 debug registers are in use");
  bench.ask("QEnableErrorStrings");
  CHECK(bench.ask("Z1,1004,1") == "E28;" + hex("hwbp.all 4 debug registers are in use"));
  CHECK(bench.ask("z1,1000,1") == "OK");
  CHECK(bench.ask("Z1,1004,1") == "OK");
}

TEST_CASE("packets: threads") {
  check({
      {"Hg1", "OK"},
      {"Hc-1", "OK"},
      {"Hgp1.2", "OK"},
      {"Hg63", "E03"},
      {"H", "E22"},
      {"Hx1", "E22"},
      {"Hg", "E22"},
      {"T1", "OK"},
      {"T3", "OK"},
      {"T4", "E03"},
      {"T", "E22"},
      {"T0", "E03"},
      {"qfThreadInfo", "m1,2,3"},
      {"qsThreadInfo", "l"},
      {"qThreadExtraInfo,63", "E03"},
      {"qThreadExtraInfo,", "E22"},
      {"qThreadStopInfo63", "E03"},
  });
  Bench bench;
  CHECK(bench.ask("qThreadExtraInfo,3") == hex("worker/3, core 1: waiting for futex"));
  CHECK(bench.document("threads:read:", 0x1000) == bench.document("threads:read:", 7));
  CHECK(bench.document("threads:read:", 0x1000)
            .find("<thread id=\"2\" core=\"0\" name=\"a&lt;b&gt;&amp;&quot;c&quot;;\">waiting for futex</thread>") !=
        std::string::npos);
  // More threads than fit into one packet.
  bench.target.thread_count = 5000;
  std::size_t listed = 0;
  for (std::string part = bench.ask("qfThreadInfo"); part != "l"; part = bench.ask("qsThreadInfo")) {
    REQUIRE(part.front() == 'm');
    CHECK(part.size() <= kPacketSize);
    listed += 1 + static_cast<std::size_t>(std::count(part.begin(), part.end(), ','));
  }
  CHECK(listed == 5000);
}

TEST_CASE("packets: stop replies") {
  Bench bench;
  const std::string expedited = "06:6061626364656667;07:7071727374757677;10:0001020304050607;11:10111213;";
  CHECK(bench.ask("?") == "T05" + expedited + "thread:1;core:1;");
  bench.ask("qSupported:swbreak+;hwbreak+");
  CHECK(bench.ask("?") == "T05" + expedited + "thread:1;core:1;swbreak:;");
  bench.session.stopped({.reason = StopReason::hardware_breakpoint, .thread = ThreadId{1}});
  CHECK(bench.ask("?").ends_with(";hwbreak:;"));
  bench.session.stopped({.reason = StopReason::write_watchpoint, .thread = ThreadId{1}, .address = 0x1234});
  CHECK(bench.ask("?").ends_with(";watch:1234;"));
  bench.session.stopped({.reason = StopReason::read_watchpoint, .thread = ThreadId{1}, .address = 0x1234});
  CHECK(bench.ask("?").ends_with(";rwatch:1234;"));
  bench.session.stopped({.reason = StopReason::access_watchpoint, .thread = ThreadId{1}, .address = 0x1234});
  CHECK(bench.ask("?").ends_with(";awatch:1234;"));

  bench.ask("QThreadSuffixSupported");
  bench.session.stopped({.reason = StopReason::exception,
                         .signal = Signal::segmentation,
                         .thread = ThreadId{1},
                         .description = "page fault: read of 0x0"});
  CHECK(bench.ask("?").starts_with("T0b"));
  CHECK(bench.ask("?").ends_with("hexname:" + hex("main") +
                                 ";reason:exception;description:" + hex("page fault: read of 0x0") + ";"));
  // Only the thread that stopped has a reason.
  CHECK(bench.ask("qThreadStopInfo3").starts_with("T00"));
  CHECK(bench.ask("qThreadStopInfo3").ends_with("reason:none;"));
  const std::string json = bench.ask("jThreadsInfo");
  CHECK(json.starts_with("[{\"tid\":1,\"name\":\"main\",\"reason\":\"exception\",\"signal\":11,"));
  CHECK(json.find("\"16\":\"0001020304050607\"}],\"memory\":[]}]") != std::string::npos);
  CHECK(json.find("a<b>&\\\"c\\\";") != std::string::npos);
  CHECK(json.ends_with("}]]"));
}

TEST_CASE("packets: LLDB gets the frame records that it would ask for, and the threads with a reason") {
  Bench bench;
  bench.target.stack_low = FakeTarget::kMemory;  // of thread 1: its stack pointer is 0x4f00
  bench.ask("P6=104f000000000000");
  // 0x4f10: outer 0x4f20, return address 0x1234; there the outermost one.
  bench.ask(
      "M4f10,20:204f0000000000003412000000000000"
      "00000000000000007856000000000000");
  const std::string json = bench.ask("jThreadsInfo");
  CHECK(json.find("\"memory\":[{\"address\":20240,\"bytes\":\"204f0000000000003412000000000000\"}],"
                  "{\"address\":20256,\"bytes\":\"00000000000000007856000000000000\"}]]}]") != std::string::npos);
  bench.ask("P6=ffffffffffffffff");
  CHECK(bench.ask("jThreadsInfo").find("\"memory\":[]") != std::string::npos);
  bench.ask("QThreadSuffixSupported");
  bench.ask("QListThreadsInStopReply");
  CHECK(bench.ask("?").find(";jstopinfo:" +
                            hex(R"([{"tid":1,"name":"main","reason":"breakpoint","signal":5},)"
                                R"({"tid":2,"reason":"none"},{"tid":3,"reason":"none"}])") +
                            ";threads:1,2,3;") != std::string::npos);
  bench.target.thread_count = 257;
  CHECK(bench.ask("?").find("jstopinfo") == std::string::npos);
}

TEST_CASE("packets: going on") {
  struct ResumeRow {
    std::string_view packet;
    ResumeAction action;
    std::uint32_t thread;
    bool others;
    int signal;
  };
  for (const ResumeRow& row : std::initializer_list<ResumeRow>{
           {"c", ResumeAction::run, 1, true, 0},
           {"s", ResumeAction::step, 1, true, 0},
           {"C0b", ResumeAction::run, 1, true, 11},
           {"S05;1234", ResumeAction::step, 1, true, 5},
           {"c1234", ResumeAction::run, 1, true, 0},
           {"vCont;c", ResumeAction::run, 1, true, 0},
           {"vCont;s:1;c", ResumeAction::step, 1, true, 0},
           {"vCont;s:1", ResumeAction::step, 1, false, 0},
           {"vCont;c;s:1", ResumeAction::run, 1, true, 0},
           {"vCont;s:2;c", ResumeAction::step, 2, true, 0},
           {"vCont;c:1;s:3;c", ResumeAction::step, 3, true, 0},
           {"vCont;C0b:1;c", ResumeAction::run, 1, true, 11},
           {"vCont;r1000,1010:1;c:-1", ResumeAction::step_range, 1, true, 0},
           {"vCont;r1000,1010:p1.1", ResumeAction::step_range, 1, false, 0},
       }) {
    Bench bench;
    CAPTURE(row.packet);
    CHECK(bench.ask(row.packet) == "<none>");
    CHECK(bench.session.next() == Next::resume);
    const ResumeRequest& request = bench.session.request();
    CHECK(request.action == row.action);
    CHECK(static_cast<std::uint32_t>(request.thread) == row.thread);
    CHECK(request.others_run == row.others);
    CHECK(static_cast<int>(request.signal) == row.signal);
  }
  check({
      {"cz", "E22"},
      {"C", "E22"},
      {"Czz", "E22"},
      {"C100", "E22"},
      {"vCont;", "E22"},
      {"vCont;x", "E22"},
      {"vCont;c:", "E22"},
      {"vCont;c:0", "E22"},
      {"vCont;r1", "E22"},
      {"vCont;r1,", "E22"},
      {"vCont;cc", "E22"},
      {"vCont", ""},
      {"vCont;s:2", "E.resume.that thread waits while all others are held, or nothing here runs"},
      {"vCont;t", "E22"},
  });
  Bench bench;
  bench.ask("c1234");
  CHECK(bench.target.registers[0][x86_64::rip][0] == std::byte{0x34});
  Bench ranged;
  ranged.ask("vCont;r1000,1010:1");
  CHECK(ranged.session.request().range_start == 0x1000);
  CHECK(ranged.session.request().range_end == 0x1010);
}

TEST_CASE("packets: LLDB's refused steps go on with the others") {
  Bench bench;
  bench.ask("QThreadSuffixSupported");
  CHECK(bench.ask("vCont;s:2") == "<none>");
  CHECK(bench.session.request().action == ResumeAction::step);
  CHECK(bench.session.request().thread == ThreadId{2});
  CHECK(bench.session.request().others_run);
  Bench running;
  running.ask("QThreadSuffixSupported");
  CHECK(running.ask("vCont;s:1") == "<none>");
  CHECK_FALSE(running.session.request().others_run);
}

TEST_CASE("packets: documents") {
  Bench bench;
  const std::string xml = bench.document("features:read:target.xml", 0x1000);
  CHECK(xml == bench.document("features:read:target.xml", 0x3fff));
  CHECK(xml == bench.document("features:read:target.xml", 13));
  for (const std::string_view part :
       {"<architecture>i386:x86-64</architecture>", "<feature name=\"org.gnu.gdb.i386.core\">",
        "<feature name=\"org.gnu.gdb.i386.sse\">", "<feature name=\"org.gnu.gdb.i386.segments\">",
        "<feature name=\"org.toro.x86.system\">", "<flags id=\"x86_cr0\" size=\"8\">",
        "<field name=\"PG\" start=\"31\" end=\"31\"/>", "group=\"control\" save-restore=\"no\""}) {
    CAPTURE(part);
    CHECK(xml.find(part) != std::string::npos);
  }
  check({
      {"qXfer:features:read:other.xml:0,100", "E00"},
      {"qXfer:features:read:target.xml:0", "E22"},
      {"qXfer:features:read:target.xml:0,0", "E22"},
      {"qXfer:features:read:target.xml:fffff,100", "l"},
      {"qXfer:features:read:target.xml:z,100", "E22"},
      {"qXfer:features:read:", "E22"},
      {"qXfer:osdata:read:nothing:0,100", "E00"},
      {"qXfer:memory-map:read::0,100", ""},
      {"qXfer:threads:read:x:0,100", "E22"},
      {"qXfer:features:write:target.xml:0,100", ""},
  });
  CHECK(bench.document("osdata:read:", 0x1000).find("<column name=\"Type\">threads</column>") != std::string::npos);
  const std::string table = bench.document("osdata:read:threads", 0x1000);
  CHECK(table.find("<column name=\"waits for\">futex</column>") != std::string::npos);
  CHECK(table.find("<column name=\"stack used\">256</column>") != std::string::npos);
  for (const std::size_t piece : {1U, 7U, 100U, 600U}) CHECK(bench.document("osdata:read:threads", piece) == table);
  // A piece that is asked for again, and others out of order.
  const auto at = [&](std::size_t offset) {
    return bench.ask(std::format("qXfer:osdata:read:threads:{:x},20", offset)).substr(1);
  };
  for (const std::size_t offset : {0x100U, 0x100U, 0x120U, 0x40U, 0x200U, 0x0U})
    CHECK(at(offset) == table.substr(offset, 0x20));
}

TEST_CASE("packets: monitor") {
  const auto monitor = [](Bench& bench, std::string_view command) {
    std::string all = bench.ask("qRcmd," + hex(command));
    std::string text;
    while (all.starts_with("$O") && !all.starts_with("$OK")) {
      const std::size_t end = all.find('#');
      for (std::size_t i = 2; i < end; i += 2) {
        text += static_cast<char>(hex_value(all[i]) << 4 | hex_value(all[i + 1]));
      }
      all.erase(0, end + 3);
    }
    CHECK((all == framed("OK") || all == "OK"));
    return text;
  };
  Bench bench;
  const std::string help = monitor(bench, "help");
  for (const std::string_view command : {"help", "tables", "breakpoints", "why", "exit", "reset"}) {
    CHECK(help.find(command) != std::string::npos);
  }
  CHECK(monitor(bench, "") == help);
  CHECK(monitor(bench, "what?").find("no such command") == 0);
  CHECK(monitor(bench, " threads ").find("1             main          1             running ") != std::string::npos);
  bench.ask("Z0,1000,1");
  CHECK(monitor(bench, "breakpoints") == "1000\n");
  bench.target.thread_count = 1000;
  CHECK(monitor(bench, "threads").size() > 30000);
  CHECK(monitor(bench, "exit") == "");
  CHECK(bench.session.next() == Next::power_off);
  CHECK(bench.ask("qRcmd,6") == "E22");
  CHECK(bench.ask("qRcmd,zz") == "E22");
  CHECK(bench.ask("qRcmd," + std::string(4000, '6')) == "E22");
}
