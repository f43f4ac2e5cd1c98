// Quoting, QEMU's command line, exit statuses and the console.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sdk/cli/guest/console_filter.hpp"
#include "sdk/cli/guest/memory_size.hpp"
#include "sdk/cli/guest/outcome.hpp"
#include "sdk/cli/guest/panic_frame.hpp"
#include "sdk/cli/guest/qemu_command.hpp"
#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/host/failure.hpp"

using namespace toro::cli;

namespace {

Boot example_boot() {
  Boot boot;
  boot.board.name = "b";
  boot.board.emulator = "qemu";
  boot.board.machine = "m";
  boot.board.cpu = {{"tcg", "max"}, {"kvm", "host"}};
  boot.board.arguments = {"-nodefaults"};
  boot.board.channels = {{"console", {"-console"}},      {"debug", {"path=${run}/gdb.sock"}},
                         {"qemu-stub", {"-gdb"}},        {"network", {"-device", "nic,netdev=net0"}},
                         {"exit", {"path=${run}/exit"}}, {"monitor", {"-mon"}}};
  boot.elf = "/a b/x.elf";
  return boot;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::contains(words, word);
}

std::string word_after(const std::vector<std::string>& words, const std::string& option) {
  auto found = std::ranges::find(words, option);
  return found == words.end() || found + 1 == words.end() ? "" : found[1];
}

}  // namespace

TEST_CASE("words for a shell") {
  CHECK(quote_for_shell("a,b=c/d.e") == "a,b=c/d.e");
  CHECK(quote_for_shell("") == "''");
  CHECK(quote_for_shell("a b") == "'a b'");
  CHECK(quote_for_shell("it's $x") == "'it'\\''s $x'");
  CHECK(shell_line({"a", "b c"}) == "a 'b c'");
}

TEST_CASE("the guest's command line") {
  CHECK(guest_command_line({}, {}) == "--");
  CHECK(guest_command_line({"toro.wait"}, {"one", "two words"}) == "toro.wait -- \"one\" \"two words\"");
  CHECK(guest_command_line({}, {"a\"b\\c"}) == "-- \"a\\\"b\\\\c\"");
  // Words that mean something to the kernel are main's when they are quoted.
  CHECK(guest_command_line({}, {"--", "toro.wait"}) == "-- \"--\" \"toro.wait\"");
}

TEST_CASE("each disk is attached as the board says") {
  auto boot = example_boot();
  boot.board.disk = {"-device", "d,drive=${disk},serial=${disk},${place}"};
  boot.board.disk_places = {"unit=0", "unit=1"};
  boot.disks = {{.image = "/a.img", .format = "qcow2"}, {.image = "${run}/disk1.img", .new_bytes = 1 << 20}};
  const auto words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-blockdev").contains(R"("driver":"qcow2")"));
  CHECK(has(words, "d,drive=disk0,serial=disk0,unit=0"));
  CHECK(has(words, "d,drive=disk1,serial=disk1,unit=1"));
  CHECK(printable_qemu_command(boot).contains("truncate -s 1048576 "));
}

TEST_CASE("a shared folder has a server, which sees the guest's memory") {
  auto boot = example_boot();
  boot.board.share = {"-chardev", "socket,path=${run}/${share}.sock", "-device", "fs,tag=${share}"};
  CHECK_FALSE(has(qemu_command(boot, "/run/x"), "-object"));
  boot.shares = {{.folder = "/a, b", .tag = "share0", .server = "/bin/virtiofsd"}};
  boot.shares[0].mount = MountWish{.kind = "virtiofs", .source = "share0", .place = "/data"};
  const auto words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-M") == "m,memory-backend=ram");
  CHECK(word_after(words, "-object") == std::format("memory-backend-memfd,id=ram,share=on,size={}M", boot.memory_mib));
  CHECK(has(words, "socket,path=/run/x/share0.sock"));
  CHECK(has(words, "fs,tag=share0"));
  CHECK(word_after(words, "-append") == "toro.mount=\"virtiofs:share0:/data\" --");
  const auto server = server_command(boot.shares[0], "/run/x", "--fd=0");
  CHECK(server.front() == "/bin/virtiofsd");
  CHECK(word_after(server, "-o").starts_with("source=/run/x/share0.folder/.,"));  // the folder's own name has a comma
  const auto line = printable_qemu_command(boot);
  CHECK(line.contains(" ln -s '/a, b' "));
  CHECK(line.contains("/share0.folder && { /bin/virtiofsd --socket-path="));
}

TEST_CASE("vsock has a device where it is asked for, and a server, which sees the guest's memory") {
  auto boot = example_boot();
  boot.board.channels["vsock"] = {"-device", "v,path=${run}/vsock.sock"};
  CHECK_FALSE(has(qemu_command(boot, "/run/x"), "-object"));
  boot.vsock.forwards = {*parse_forward("vsock:8080:100000")};
  boot.vsock.targets = {*parse_vsock_target("7:9000"), *parse_vsock_target("4294967295:/a b")};
  const auto words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-M") == "m,memory-backend=ram");
  CHECK(word_after(words, "-object") == std::format("memory-backend-memfd,id=ram,share=on,size={}M", boot.memory_mib));
  CHECK(has(words, "v,path=/run/x/vsock.sock"));
  const auto server = bridge_command(boot.vsock, {});
  CHECK(server.front().ends_with("/toro-vsock"));
  CHECK(word_after(server, "--forward") == "8080:100000");
  CHECK(has(server, "7=9000"));
  CHECK(has(server, "4294967295=/a b"));
  CHECK(printable_qemu_command(boot).contains("/vsock.sock ]; do sleep 0.1; done && qemu"));
  for (const char* bad : {"", "7", "7:", ":7", "0:7", "4294967296:7", "7:0", "7:65536", "x:7"})
    CHECK_FALSE(parse_vsock_target(bad));
  for (const char* bad : {"vsock:1", "vsock:0:1", "vsock:1:0", "vsock:65536:1", "vsock:1:4294967296"})
    CHECK_FALSE(parse_forward(bad));
}

TEST_CASE("QEMU's arguments follow the board and the stub") {
  auto boot = example_boot();
  auto words = qemu_command(boot, "/run/x");
  CHECK(words.front() == "qemu");
  CHECK(word_after(words, "-cpu") == "max");
  CHECK(word_after(words, "-append") == "--");
  CHECK(has(words, "path=/run/x/exit"));
  CHECK_FALSE(has(words, "path=/run/x/gdb.sock"));

  boot.stub = Stub::kernel;
  boot.wait = Wait::for_debugger;
  words = qemu_command(boot, "/run/x");
  CHECK(has(words, "path=/run/x/gdb.sock"));
  CHECK(word_after(words, "-append") == "toro.wait --");
  CHECK_FALSE(has(words, "-S"));

  boot.places = Places::fixed;
  CHECK(word_after(qemu_command(boot, "/run/x"), "-append") == "toro.wait toro.aslr=off --");
  boot.places = Places::random;

  boot.stub = Stub::qemu;
  words = qemu_command(boot, "/run/x");
  CHECK(has(words, "-gdb"));
  CHECK(has(words, "-S"));
  CHECK(word_after(words, "-append") == "toro.aslr=off --");
}

TEST_CASE("a network is there where it is asked for") {
  auto boot = example_boot();
  auto words = qemu_command(boot, "/run/x");
  CHECK_FALSE(has(words, "-netdev"));
  CHECK_FALSE(has(words, "nic,netdev=net0"));

  boot.network = Network::user;
  words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-netdev") == "user,id=net0");
  CHECK(word_after(words, "-device") == "nic,netdev=net0");
  CHECK_FALSE(has(words, "-object"));

  boot.forwards = {*parse_forward("8080:80"), *parse_forward("udp:7000:7")};
  words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-netdev") == "user,id=net0,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:127.0.0.1:7000-:7");
  for (const char* bad : {"", "80", "80:", ":80", "0:80", "80:65536", "udp:80", "sctp:1:2", "1:2:3", " 1:2"})
    CHECK_FALSE(parse_forward(bad));
  boot.forwards.clear();
  boot.network = Network::tap;
  boot.tap = parse_tap("tap0").value();
  words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-netdev") == "tap,id=net0,ifname=tap0,script=no,downscript=no,vnet_hdr=on");
  CHECK(word_after(words, "-append") == "--");
  boot.tap = parse_tap("tap0,10.0.0.2/24,10.0.0.1").value();
  CHECK(word_after(qemu_command(boot, "/run/x"), "-append") == "toro.net0=10.0.0.2/24,10.0.0.1 --");
  boot.tap = parse_tap("tap0,offloads=off,10.0.0.2/24").value();
  words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-netdev") == "tap,id=net0,ifname=tap0,script=no,downscript=no,vnet_hdr=off");
  CHECK(word_after(words, "-append") == "toro.net0=10.0.0.2/24 --");
  CHECK(parse_tap("tap0,offloads=off")->configuration.empty());
  CHECK(parse_tap("tap0,queues=4")->queues == 4);
  CHECK(parse_tap("tap0,offloads=off,queues=2,10.0.0.2/24")->configuration == "10.0.0.2/24");
  for (const char* bad : {"tap0,queues=", "tap0,queues=0", "tap0,queues=5", "tap0,queues=2x", "tap0,queues=-1"})
    CHECK_FALSE(parse_tap(bad));
  for (const char* bad :
       {"", "tap0,offloads=on", "tap0,offloads=off10.0.0.2/24", "tap0,offloads=off,", ",10.0.0.2/24", "tap0,",
        "tap0,10.0.0.2", "tap0,10.0.0.2/33", "tap0,10.0.0.2/24,", "tap0,10.0.0.2/24,x", "a-name-of-sixteen"})
    CHECK_FALSE(parse_tap(bad));
  boot.network = Network::user;
  boot.tap = {};
  boot.net_dump = "/a,b.pcap";
  words = qemu_command(boot, "/run/x");
  CHECK(word_after(words, "-object") == "filter-dump,id=dump0,netdev=net0,file=/a,,b.pcap");
}

TEST_CASE("the printed command is one for a shell") {
  auto line = printable_qemu_command(example_boot());
  CHECK(line.starts_with("RUN=$(mktemp -d) && qemu -M m -accel tcg "));
  CHECK(line.contains("'/a b/x.elf'"));
  CHECK(line.contains("path=\"$RUN\"/exit"));
}

TEST_CASE("sizes of memory") {
  CHECK(parse_memory_mib("64") == 64U);
  CHECK(parse_memory_mib("4M") == 4U);
  CHECK(parse_memory_mib("2G") == 2048U);
  for (auto* bad : {"", "M", "0", "-1", "64K", "1.5G", "64MB", "99999999999", "4000000G"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_memory_mib(bad));
  }
}

TEST_CASE("exit statuses") {
  CHECK(outcome_of(std::string(1, '\0'), 1, "").status == 0);
  CHECK(outcome_of("\x07", 1, "").status == 7);
  CHECK(outcome_of("\xff", 1, "").status == 255);
  CHECK(outcome_of("\x86", 1, "").status == kPanicStatus);
  // The byte counts even when QEMU was on its way out.
  CHECK(outcome_of("\x07", 143, "terminating on signal 15").status == 7);
  CHECK(outcome_of("\x07", 1, "").failure.empty());
}

TEST_CASE("a guest without a status") {
  CHECK(outcome_of("", 0, "").failure.contains("reset itself"));
  CHECK(outcome_of("", 1, "").failure.contains("ended without one"));
  CHECK(outcome_of("", 1, "qemu: no such machine\n").failure.ends_with("ended with status 1: qemu: no such machine"));
  CHECK(outcome_of("", 139, "").failure.contains("signal 11"));
  for (int status : {0, 1, 2, 139}) CHECK(outcome_of("", status, "").status == kNoGuestStatus);
}

TEST_CASE("backtrace lines") {
  auto frame = match_panic_frame("  #0 0x0000000000101234");
  REQUIRE(frame);
  CHECK(frame->index == 0);
  CHECK(frame->address == 0x101234);
  CHECK(match_panic_frame("  #12 0xffffffffffffffff\r")->index == 12);
  CHECK(match_panic_frame("  #3 0x0000000000101234 ?")->address == 0x101234);
  for (auto* other : {"", "#0 0x0000000000101234", "  #0 0x101234", "  #x 0x0000000000101234",
                      "  #0 0x00000000001012345", "  #0 0x0000000000101234 main", "  #0 0000000000101234",
                      "  #99999999999 0x0000000000101234", "  #0 0x00000000001g1234"}) {
    CAPTURE(other);
    CHECK_FALSE(match_panic_frame(other));
  }
}

TEST_CASE("where a panic says that the image is") {
  CHECK(match_image_place("  image at 0x8a3000") == 0x8a3000);
  for (auto* other : {"", "image at 0x8a3000", "  image at 8a3000", "  image at 0x8a3000 now", "  image at 0x"})
    CHECK_FALSE(match_image_place(other));
  std::uint64_t asked = 0;
  ConsoleFilter filter([&](PanicFrame frame) {
    asked = frame.address;
    return "";
  });
  filter.push("  #0 0x0000000000101234\n");
  CHECK(asked == 0x101234);
  filter.push("  image at 0x8a3000\r\n  #0 0x00000000008a4234\r\n");
  CHECK(asked == 0x101234);
}

TEST_CASE("the console passes at once, and backtrace lines get their words") {
  ConsoleFilter filter([](PanicFrame frame) { return "f" + std::to_string(frame.index); });
  CHECK(filter.push("par") == "par");
  CHECK(filter.push("tial\n") == "tial\n");
  CHECK(filter.push("  #1 0x00000000001") == "  #1 0x00000000001");
  CHECK(filter.push("01234\r\nnext") == "01234 f1\r\nnext");
  CHECK(filter.push("\n  #2 0x0000000000101234\n") == "\n  #2 0x0000000000101234 f2\n");
  std::string binary("\0\xff\n", 3);
  CHECK(filter.push(binary) == binary);
}
