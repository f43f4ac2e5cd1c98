// Boards, samples, presets, packages, maps and test results as files describe them; and what is said of bad ones.
#include <doctest/doctest.h>

#include <string>

#include "sdk/cli/catalog/board.hpp"
#include "sdk/cli/catalog/junit.hpp"
#include "sdk/cli/catalog/link_map.hpp"
#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/catalog/presets.hpp"
#include "sdk/cli/catalog/sample.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/host/failure.hpp"

using namespace toro::cli;

namespace {

const std::string kBoard = R"({"title": "T", "description": "D", "emulator": "qemu", "machine": "m",
  "cpu": {"tcg": "max"}, "memory_mib": {"default": 64, "minimum": 4}, "cores": {"default": 1, "maximum": 2},
  "arguments": ["-a"], "channels": {"console": [], "debug": [], "qemu-stub": [], "exit": [], "monitor": []}})";

std::string without(std::string text, const std::string& part) {
  return text.erase(text.find(part), part.size());
}

template <typename Call>
std::string failure_of(Call call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a board") {
  auto board = parse_board("b", kBoard, "f");
  CHECK(board.title == "T");
  CHECK(board.minimum_memory_mib == 4);
  CHECK(board.maximum_cores == 2);
  CHECK(board.cpu.at("tcg") == "max");
}

TEST_CASE("bad boards are named with file and key") {
  auto said = [](const std::string& text) { return failure_of([&] { parse_board("b", text, "f.json"); }); };
  CHECK(said(without(kBoard, R"("title": "T", )")) == R"(f.json: the key "title" was expected and is missing)");
  CHECK(said("[]") == "f.json: a JSON object was expected");
  CHECK(said("{").starts_with("f.json: JSON was expected: parse error at line 1"));
  CHECK(said(without(kBoard, R"(, "monitor": [])")) == R"(f.json: "channels" was expected to have "monitor")");
  auto wrong = kBoard;
  wrong.replace(wrong.find("64"), 2, "\"64\"");
  CHECK(said(wrong) == R"(f.json: the key "default" has the wrong type: string was found)");
  wrong = kBoard;
  wrong.replace(wrong.find("tcg"), 3, "xyz");
  CHECK(said(wrong).contains("\"tcg\""));
}

TEST_CASE("an unknown board is answered with what there is") {
  std::vector<Board> boards{parse_board("qemu-microvm", kBoard, "f"), parse_board("kvm-pc", kBoard, "f")};
  CHECK(find_board(boards, "kvm-pc").name == "kvm-pc");
  CHECK(failure_of([&] { find_board(boards, "qemu-microvn"); }) ==
        "unknown board 'qemu-microvn': expected one of qemu-microvm, kvm-pc; did you mean qemu-microvm?");
}

TEST_CASE("a board answers to its aliases") {
  auto text = kBoard;
  text.insert(1, R"("aliases": ["kvm-pc-virtio"], )");
  std::vector<Board> boards{parse_board("kvm-pc", text, "f")};
  CHECK(find_board(boards, "kvm-pc-virtio").name == "kvm-pc");
  CHECK(failure_of([&] { find_board(boards, "kvm-pc-emulated"); }).starts_with("unknown board 'kvm-pc-emulated'"));
}

TEST_CASE("a sample") {
  auto sample = parse_sample("/s/hello", R"({"title": "H", "boards": ["b"], "expect": ["x"], "exit_status": 7})", "f");
  CHECK(sample.name == "hello");
  CHECK(sample.exit_status == 7);
  CHECK(sample.arguments.empty());
  CHECK(sample.network == "none");
  CHECK(parse_sample("/s/x", R"({"title": "H", "boards": ["b"], "network": "user"})", "f").network == "user");
  CHECK(failure_of([] {
          parse_sample("/s/x", R"({"title": "H", "boards": ["b"], "network": "tap"})", "f");
        }).contains("\"tap\""));
  CHECK(failure_of([] { parse_sample("/s/hello", R"({"title": "H"})", "f"); }) ==
        R"(f: the key "boards" was expected and is missing)");
}

TEST_CASE("presets inherit their build folder and name their board themselves") {
  const std::string text = R"({"configurePresets": [
    {"name": "common", "binaryDir": "${sourceDir}/build/${presetName}"},
    {"name": "board", "inherits": "common"},
    {"name": "b-debug", "inherits": ["board"], "cacheVariables": {"CMAKE_BUILD_TYPE": "Debug"},
     "vendor": {"toro": {"board": "b", "config": "debug"}}},
    {"name": "host", "inherits": "common"}]})";
  auto presets = parse_presets(text, "/sdk", "f");
  REQUIRE(presets.size() == 1);
  CHECK(presets[0].name == "b-debug");
  CHECK(presets[0].build_directory == "/sdk/build/b-debug");
  CHECK(presets[0].build_type == "Debug");
  CHECK(find_preset(presets, "b", "debug").name == "b-debug");
  CHECK(failure_of([&] { find_preset(presets, "b", "fast"); }) ==
        "unknown configuration 'fast' of board 'b': expected debug");
  CHECK(failure_of([&] { find_preset(presets, "c", "debug"); }).starts_with("board 'c' has no preset"));
}

TEST_CASE("packages") {
  const std::string text =
      "# c\nllvm 22 19\n\nbuild | clang-@ | cmd:clang-@ | - | compiler\nrun | q | file:/x | 7.2 | y\n";
  auto list = parse_packages(text, "f", [](unsigned version) { return version == 19; });
  CHECK(list.llvm == 19);
  REQUIRE(list.requirements.size() == 2);
  CHECK(list.requirements[0].package == "clang-19");
  CHECK(list.requirements[0].minimum.empty());
  CHECK(list.requirements[1].minimum == "7.2");
  CHECK(parse_packages(text, "f", [](unsigned) { return false; }).llvm == 22);
  CHECK(failure_of([] { parse_packages("a | b\n", "f", [](unsigned) { return false; }); }).contains("five fields"));
}

TEST_CASE("versions") {
  CHECK(find_version("QEMU emulator version 7.2.22 (Debian 1:7.2)") == "7.2.22");
  CHECK(find_version("GNU gdb (Debian 13.1-3) 13.1") == "13.1");
  CHECK(find_version("v20.20.2\n") == "20.20.2");
  CHECK(find_version("none 7").empty());
  CHECK(compare_versions("7.2.22", "7.2") > 0);
  CHECK(compare_versions("7.10", "7.9") > 0);
  CHECK(compare_versions("3.25", "3.25.0") == 0);
  CHECK(compare_versions("12.1", "13.1") < 0);
  CHECK(compare_versions("20.1", "18") > 0);
}

TEST_CASE("suggestions") {
  CHECK(edit_distance("hello", "helo") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(expected_one_of({"hello", "debug-me"}, "helo") == "expected one of hello, debug-me; did you mean hello?");
  CHECK(expected_one_of({"hello"}, "xyz") == "expected hello");
  CHECK(expected_one_of({}, "x") == "there is none to choose from");
}

TEST_CASE("test results") {
  auto results = parse_junit(R"(<testsuite>
    <testcase name="a" status="run"><system-out>x</system-out></testcase>
    <testcase name="b &amp; c" status="fail"><failure message="Failed"/><system-out></system-out></testcase>
    <testcase name="d" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
      <system-out>one
no KVM here
</system-out></testcase>
    <testcase name="e" status="notrun"><skipped message="Unable to find executable"/><system-out></system-out></testcase>
    <testcase name="f" status="disabled"><skipped message="Disabled"/><system-out></system-out></testcase>
  </testsuite>)");
  REQUIRE(results.size() == 5);
  CHECK(results[0].verdict == TestResult::Verdict::passed);
  CHECK(results[1].name == "b & c");
  CHECK(results[1].verdict == TestResult::Verdict::failed);
  CHECK(results[2].verdict == TestResult::Verdict::skipped);
  CHECK(results[2].reason == "no KVM here");
  CHECK(results[3].verdict == TestResult::Verdict::failed);
  CHECK(results[4].verdict == TestResult::Verdict::skipped);
}

TEST_CASE("units of an image") {
  const KernelSources kernel{{"heap.cpp", "kernel/memory"}, {"trap_entry.S", "kernel/arch"}};
  CHECK(unit_of("/usr/lib/x86_64-linux-musl/libc.a(printf.o)", kernel) == "libc");
  CHECK(unit_of("/usr/lib/llvm-22/lib/libc++.a(ios.cpp.o)", kernel) == "libc++");
  CHECK(unit_of("/usr/lib/llvm-22/lib/libc++abi.a(x.o)", kernel) == "libc++abi");
  CHECK(unit_of("toro/libc/libtoro-libc.a(malloc.cpp.obj)", kernel) == "libc glue");
  CHECK(unit_of("toro/gdbstub/libtoro-gdbstub.a(session.cpp.obj)", kernel) == "gdbstub");
  CHECK(unit_of("CMakeFiles/toro-board.dir/boards/b/board.cpp.obj", kernel) == "board");
  CHECK(unit_of("toro/kernel/libtoro-kernel.a(heap.cpp.obj)", kernel) == "kernel/memory");
  CHECK(unit_of("toro/kernel/libtoro-kernel.a(trap_entry.S.obj)", kernel) == "kernel/arch");
  CHECK(unit_of("toro/kernel/libtoro-kernel.a(other.cpp.obj)", kernel) == "kernel");
  CHECK(unit_of("<internal>", kernel) == "linker");
  CHECK(unit_of("samples/hello/CMakeFiles/hello.dir/main.cpp.obj", kernel) == "application");
}

TEST_CASE("a map is summed by unit and kind") {
  const std::string map =
      "             VMA              LMA     Size Align Out     In      Symbol\n"
      "          100000           100000       30    16 .text\n"
      "          100000           100000       10    16         samples/x/main.cpp.obj:(.text.main)\n"
      "          100000           100000       10     1                 main\n"
      "          100010           100010       20    16         "
      "/usr/lib/x86_64-linux-musl/libc.a(puts.o):(.text.puts)\n"
      "          101000           101000        8     8 .data\n"
      "          101000           101000        8     8         samples/x/main.cpp.obj:(.data)\n"
      "          102000           102000      100     8 .bss\n"
      "          102000           102000      100     8         samples/x/main.cpp.obj:(.bss)\n"
      "               0                0      500     1 .debug_info\n"
      "               0                0      500     1         samples/x/main.cpp.obj:(.debug_info)\n";
  auto units = sizes_by_unit(map, {});
  REQUIRE(units.size() == 2);
  CHECK(units["application"].code == 0x10);
  CHECK(units["application"].data == 8);
  CHECK(units["application"].zeroed == 0x100);
  CHECK(units["libc"].code == 0x20);
}

TEST_CASE("sizes by unit of a kernel that the linker compiled as a whole") {
  const std::string map =
      "             VMA              LMA     Size Align Out     In      Symbol\n"
      "          100040           100040       90    64 .text\n"
      "          100040           100040       10     1         "
      "samples/x/x.elf.lto.o:(.text._ZN4toro6memory4Heap4freeEPv)\n"
      "          100050           100050       20     1         "
      "samples/x/x.elf.lto.o:(.text._ZNK4toro7process5Inbox7pendingEv)\n"
      "          100070           100070       40     1         samples/x/x.elf.lto.o:(.text.toro_trap)\n";
  auto units = sizes_by_unit(map, {});
  REQUIRE(units.size() == 3);
  CHECK(units["kernel/memory"].code == 0x10);
  CHECK(units["kernel/process"].code == 0x20);
  CHECK(units["kernel"].code == 0x40);
}

TEST_CASE("catalog: presets are derived for boards that have none") {
  const Preset preset = derive_preset("/sdk/build", "/somewhere/mine", "release");
  CHECK(preset.name.starts_with("mine-release-"));
  CHECK(preset.name != derive_preset("/sdk/build", "/elsewhere/mine", "release").name);
  CHECK(preset.build_directory == std::filesystem::path("/sdk/build") / preset.name);
  CHECK(preset.build_type == "Release");
  CHECK(preset.board_directory == "/somewhere/mine");
  CHECK(failure_of([&] {
          static_cast<void>(derive_preset("/sdk/build", "/somewhere/mine", "fast"));
        }).starts_with("unknown configuration 'fast' of board 'mine'"));
}
