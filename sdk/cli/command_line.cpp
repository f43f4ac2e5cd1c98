// CLI11 reads the words; each command's options land in its struct.
#include "sdk/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <format>
#include <functional>

#include "sdk/cli/catalog/sdk.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/guest/forward.hpp"
#include "sdk/cli/guest/tap.hpp"
#include "sdk/cli/guest/vsock.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

constexpr const char* kAbout =
    "Builds, boots and debugs applications on the Toro kernel.\n"
    "\n"
    "  toro run hello                      boot a sample; its console is here, its exit status is ours\n"
    "  toro debug hello                    the same, standing on main in GDB (--debugger lldb: in LLDB)\n"
    "  toro run hello --listen 1234        boot with a port that any debugger can connect to, at any time\n"
    "  toro new weather --from hello       a project of your own, made of a sample\n"
    "  toro doctor                         what is installed, what is missing\n";

/// What all commands' options write to, and the command that was chosen.
struct Parsed {
  std::optional<std::string> sdk;
  TargetOptions target;
  BootOptions boot;
  DebugOptions debug;
  NewOptions project;
  TestOptions test;
  BenchOptions bench;
  ImageOptions image;
  MakeDiskOptions make_disk;
  std::vector<std::string> groups;
  bool json = false;
  std::function<int(Context&)> command;
};

void add_target(CLI::App& command, TargetOptions& target) {
  command
      .add_option("target", target.what, "a sample, a project's folder, or an ELF image; default: the current folder")
      ->type_name("DIR|SAMPLE");
  command
      .add_option("--board", target.board,
                  std::format("the board (`toro boards`), or the folder of one; default: an image's own, else {}",
                              target.default_board))
      ->type_name("BOARD|DIR");
  command
      .add_option("--config", target.config,
                  std::format("debug or release; default: an image's own, else {}", target.default_config))
      ->type_name("CONFIG");
  command.add_option("--application", target.application, "which application, where a project has several")
      ->type_name("NAME");
}

void add_boot(CLI::App& command, BootOptions& boot) {
  add_target(command, boot.target);
  command.add_option("--memory", boot.memory, "memory of the guest, such as 64M; default: the board's")
      ->type_name("SIZE");
  command.add_option("--cores", boot.cores, "cores of the guest; default: the board's")
      ->check(CLI::Range(1U, 255U))
      ->type_name("N");
  command
      .add_option(
          "--disk", boot.disks,
          "an image file, raw or qcow2, that becomes a disk (IMG:ro: read-only), or the size of a new, empty disk, "
          "such as 64M; IMG:ext2:/data is mounted before main runs, IMG:p1:fat a partition, DIR:fat a folder to be "
          "read; repeatable")
      ->allow_extra_args(false)
      ->type_name("IMG|SIZE|DIR[:FS[:PATH]]");
  command
      .add_option(
          "--share", boot.shares,
          "a folder of the host, which the guest can mount as share0, share1…; DIR:/data is mounted before main "
          "runs; repeatable")
      ->allow_extra_args(false)
      ->type_name("DIR[:PATH]");
  command.add_option("--accel", boot.accelerator, "auto (KVM where the processor has it), kvm or tcg")
      ->check(CLI::IsMember({"auto", "kvm", "tcg"}))
      ->capture_default_str()
      ->type_name("NAME");
  command.add_option("--timeout", boot.timeout, "end the guest after so long, with status 124")
      ->check([](const std::string& text) {
        double seconds = 0;
        bool good = CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds < 1e6;
        return good ? std::string() : std::format("seconds above 0 were expected: '{}' was found", text);
      })
      ->type_name("SECONDS");
  command.add_option("--listen", boot.port, "a port for debuggers on 127.0.0.1; 0 takes any that is free")
      ->check([](const std::string& text) {
        std::uint16_t port = 0;
        return CLI::detail::lexical_cast(text, port)
                   ? std::string()
                   : std::format("a port from 0 to 65535 was expected: '{}' was found", text);
      })
      ->type_name("PORT");
  command.add_option("--stub", boot.stub, "who answers the debugger: the kernel's own stub, or qemu's")
      ->check(CLI::IsMember({"kernel", "qemu"}))
      ->capture_default_str()
      ->type_name("NAME");
  command
      .add_option(
          "--aslr", boot.aslr,
          "whether the image lies elsewhere at each boot; off: where its file says, always so with --stub qemu; "
          "default: on for configuration release, off for debug")
      ->check(CLI::IsMember({"on", "off"}))
      ->type_name("on|off");
  command.add_option("--protocol-log", boot.protocol_log, "write debugger and stub's packets there, with times")
      ->type_name("FILE");
  command
      .add_option(
          "--net", boot.network,
          "user (a network of the guest's own, behind the host's), "
          "tap:NAME[,offloads=off][,queues=N][,ADDRESS/PREFIX[,GATEWAY]] (a tap device that is there, whether the host "
          "must get finished checksums and segments, with how many queues, each served by a core of its own, 1 to 4, "
          "and what the guest has as its address; without: by DHCP) or none; default: the sample's, else none")
      ->check([](const std::string& text) {
        const bool is_tap = text.starts_with(kTapPrefix) && parse_tap(text.substr(kTapPrefix.size()));
        return is_tap || text == "user" || text == "none"
                   ? std::string()
                   : std::format(
                         "user, none or tap:NAME[,offloads=off][,queues=N][,ADDRESS/PREFIX[,GATEWAY]] was expected: "
                         "'{}' was found",
                         text);
      })
      ->type_name("NETWORK");
  command
      .add_option(
          "--forward", boot.forwards,
          "a port of the host, on 127.0.0.1, that leads to one of the guest's; udp: or vsock: before it for those; "
          "repeatable")
      ->check([](const std::string& text) {
        return parse_forward(text)
                   ? std::string()
                   : std::format("HOST:GUEST was expected, ports from 1 to 65535: '{}' was found", text);
      })
      ->allow_extra_args(false)
      ->type_name("HOST:GUEST");
  command
      .add_option(
          "--vsock", boot.vsock,
          "what the guest reaches at a vsock port of the host: a port on 127.0.0.1, or a unix socket; repeatable")
      ->check([](const std::string& text) {
        return parse_vsock_target(text)
                   ? std::string()
                   : std::format("PORT:HOST_PORT or PORT:PATH was expected, ports from 1 on: '{}' was found", text);
      })
      ->allow_extra_args(false)
      ->type_name("PORT:HOST_PORT|PATH");
  command.add_option("--net-dump", boot.net_dump, "write the frames of the guest's network there, as pcap")
      ->type_name("FILE");
  command.add_flag("--print-command", boot.print_command, "print the QEMU command line and start nothing");
  command.add_flag("--json", boot.json, "tell what happens as JSON lines on stderr");
}

void add_setup(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("setup", "install what is missing (Debian packages, by apt-get)");
  command
      ->add_option("--for", parsed.groups,
                   "what for: build, run, debug, test, bench, extension, image; default: the first three")
      ->type_name("GROUP");
  command->callback([&] { parsed.command = [&](Context& context) { return setup_command(context, parsed.groups); }; });
}

void add_answering(CLI::App& app, Parsed& parsed, const char* name, const char* about,
                   int (*answer)(Context&, Output)) {
  auto* command = app.add_subcommand(name, about);
  command->add_flag("--json", parsed.json, "answer in JSON");
  command->callback([&parsed, answer] {
    parsed.command = [&parsed, answer](Context& context) {
      return answer(context, parsed.json ? Output::json : Output::table);
    };
  });
}

void add_building(CLI::App& app, Parsed& parsed, const char* name, const char* about,
                  int (*build)(Context&, const TargetOptions&, Output)) {
  auto* command = app.add_subcommand(name, about);
  add_target(*command, parsed.target);
  command->add_flag("--json", parsed.json, "answer in JSON");
  command->callback([&parsed, build] {
    parsed.command = [&parsed, build](Context& context) {
      return build(context, parsed.target, parsed.json ? Output::json : Output::table);
    };
  });
}

void add_new(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("new", "a project of your own, made of a sample, in a new folder");
  command->add_option("folder", parsed.project.folder, "the folder; its name becomes the application's")
      ->required()
      ->type_name("DIR");
  command->add_option("--from", parsed.project.sample, "the sample that it begins with (`toro samples`)")
      ->capture_default_str()
      ->type_name("SAMPLE");
  command->add_flag("--json", parsed.project.json, "answer in JSON");
  command->footer("\n  toro new weather --from threads && cd weather && toro run");
  command->callback([&] { parsed.command = [&](Context& context) { return new_command(context, parsed.project); }; });
}

void add_run(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("run", "build and boot; the guest's console is here, its exit status is ours");
  add_boot(*command, parsed.boot);
  command->add_flag("--wait", parsed.boot.wait, "let boot wait until a debugger has connected");
  command
      ->add_option("--dump", parsed.boot.dump,
                   "where a guest that panics leaves its memory, for `toro debug --dump`; none: nowhere; default: "
                   "NAME.dump beside a debug image")
      ->type_name("FILE");
  command->footer(
      "Words after `--` are the arguments of main. Status: the guest's; 134 after a panic; 124 after --timeout; 125 "
      "when\n"
      "the run itself failed. Ctrl-C ends the guest.\n"
      "\n"
      "  toro run hello -- one \"two words\"\n"
      "  toro run . --config release --memory 8M\n"
      "  toro run hello --listen 0 --wait --json");
  command->callback([&] { parsed.command = [&](Context& context) { return run_command(context, parsed.boot); }; });
}

void add_debug(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("debug", "build, boot, and stand on main in a debugger");
  add_boot(*command, parsed.debug.boot);
  command
      ->add_option("--debugger", parsed.debug.debugger,
                   "gdb or lldb; none, with --dump, --record or --replay: only the port, for a debugger of your own")
      ->check(CLI::IsMember({"gdb", "lldb", "none"}))
      ->capture_default_str()
      ->type_name("NAME");
  command
      ->add_option("--batch", parsed.debug.batch,
                   "run this script of the debugger's commands, from before main, and end")
      ->type_name("SCRIPT");
  command
      ->add_option("--dump", parsed.debug.boot.dump,
                   "look into the memory that a guest left when it panicked, instead of booting one")
      ->type_name("FILE");
  auto* record = command->add_option("--record", parsed.debug.record,
                                     "by QEMU's own stub: write down what comes to the guest, for --replay");
  record->type_name("FILE");
  command->add_option("--replay", parsed.debug.replay, "by QEMU's own stub: the same run again, also backwards in GDB")
      ->excludes(record)
      ->type_name("FILE");
  command->add_option("--console", parsed.debug.console, "write the guest's console there instead of to stdout")
      ->type_name("FILE");
  command->footer(
      "When the debugger ends, the guest ends. The status is the debugger's; not 0 when it did not reach the guest.\n"
      "\n"
      "  toro debug hello\n"
      "  toro debug hello --debugger lldb\n"
      "  toro debug hello --batch commands.gdb --timeout 60\n"
      "  toro debug --dump build/qemu-microvm-debug/samples/hello/hello.dump");
  command->callback([&] { parsed.command = [&](Context& context) { return debug_command(context, parsed.debug); }; });
}

void add_test(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("test", "build and run the SDK's tests");
  command->add_option("--label", parsed.test.labels, "only these: style, unit, fuzz, editor, guest, system, e2e, bench")
      ->allow_extra_args(false)
      ->type_name("LABEL");
  command->add_option("names", parsed.test.names, "only these tests (--list names them)")->type_name("NAME");
  command->add_flag("--list", parsed.test.list, "name the tests and run none");
  command->add_flag("--json", parsed.test.json, "answer in JSON: the tests, or how each went");
  command->footer(
      "Everything but bench runs when neither a label nor a name is given.\n\n  toro test --label unit\n  toro test "
      "unit.gdbstub");
  command->callback([&] { parsed.command = [&](Context& context) { return test_command(context, parsed.test); }; });
}

void add_bench(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("bench", "measure how fast it is, beside what one would take instead");
  command->add_option("names", parsed.bench.names, "which benchmarks; default: all (--list names them)")
      ->type_name("NAME");
  command->add_option("--json", parsed.bench.json, "write the figures, and whose they are, there")->type_name("FILE");
  command
      ->add_option("--compare", parsed.bench.compare,
                   "name what differs beyond the noise from what --json wrote; status 1 when something got slower")
      ->type_name("FILE");
  command->add_option("--plot", parsed.bench.plot, "draw the figures there, as SVG")->type_name("DIR");
  command->add_flag("--list", parsed.bench.list, "name the benchmarks and run none");
  command->add_flag("--short", parsed.bench.only_counts, "only counts and sizes, which do not waver; no references");
  command->footer(
      "Status 1 when a count is beyond its limit (tests/bench/gates.json), when something got slower, or a figure "
      "could not\n"
      "be taken.\n"
      "\n"
      "  toro bench boot threads heap\n"
      "  toro bench --json before.json\n"
      "  toro bench --compare before.json");
  command->callback([&] { parsed.command = [&](Context& context) { return bench_command(context, parsed.bench); }; });
}

void add_image(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand("image", "make a file that other machines boot: a disk, a CD, a UEFI program");
  add_target(*command, parsed.image.target);
  command->add_option("--format", parsed.image.format, "elf, raw, iso, qcow2, vmdk, vdi, vhdx or efi")
      ->type_name("FORMAT");
  command->add_option("--output", parsed.image.output, "the file; default: NAME.FORMAT in the current folder")
      ->type_name("FILE");
  command->add_flag("--json", parsed.image.json, "answer in JSON");
  command->footer(
      "Words after `--` become the arguments of main.\n"
      "\n"
      "  toro image hello --format iso\n"
      "  toro image . --format vmdk --output server.vmdk -- --port 8080\n"
      "  toro image make-disk content --fs ext2");
  auto* disk = command->add_subcommand("make-disk", "make a disk image that has what lies in a folder");
  disk->add_option("folder", parsed.make_disk.folder, "what the disk is to have")->required()->type_name("DIR");
  disk->add_option("--fs", parsed.make_disk.filesystem, "ext2 or fat32")->capture_default_str()->type_name("FS");
  disk->add_option("--size", parsed.make_disk.size, "of the disk, such as 64M; default: half as much again as there is")
      ->type_name("SIZE");
  disk->add_option("--output", parsed.make_disk.output, "the file; default: DIR.img in the current folder")
      ->type_name("FILE");
  command->callback([&, command] {
    if (command->got_subcommand("make-disk"))
      parsed.command = [&](Context& context) { return make_disk_command(context, parsed.make_disk); };
    else
      parsed.command = [&](Context& context) { return image_command(context, parsed.image); };
  });
}

void add_commands(CLI::App& app, Parsed& parsed) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("toro ") + TORO_VERSION);
  app.add_option("--sdk", parsed.sdk, "the SDK's root; default: TORO_SDK, else the folder above this tool")
      ->type_name("DIR");
  add_setup(app, parsed);
  add_answering(app, parsed, "doctor", "what is installed, what is missing, how to install it", doctor_command);
  add_answering(app, parsed, "boards", "the boards there are", boards_command);
  add_answering(app, parsed, "samples", "the samples there are", samples_command);
  add_new(app, parsed);
  add_building(app, parsed, "build", "build a sample or a project; names the image", build_command);
  add_run(app, parsed);
  add_debug(app, parsed);
  add_test(app, parsed);
  add_bench(app, parsed);
  add_building(app, parsed, "size", "what the image is made of", size_command);
  add_image(app, parsed);
}

/// The words that CLI11 did not want, as a sentence.
[[noreturn]] void refuse(const CLI::App& app, const CLI::Error& error, const std::vector<std::string>& words) {
  auto chosen = app.get_subcommands();
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (chosen.empty()) {
    auto word = std::ranges::find_if(words, [](const auto& candidate) { return !candidate.starts_with('-'); });
    if (word == words.end())
      throw Failure(std::format("a command was expected, one of: {}", joined(names)), kUsageError);
    throw Failure(std::format("unknown command '{}': {}", *word, expected_one_of(names, *word)), kUsageError);
  }
  const auto& command = *chosen.front();
  auto help = std::format("`toro {} --help` lists what there is", command.get_name());
  for (const auto& word : command.remaining()) {
    if (!word.starts_with('-'))
      throw Failure(std::format("unexpected word '{}' after toro {}: {}", word, command.get_name(), help), kUsageError);
    std::vector<std::string> options;
    for (const auto* option : command.get_options())
      if (!option->get_lnames().empty()) options.push_back("--" + option->get_lnames().front());
    throw Failure(
        std::format("unknown option '{}' of toro {}: {}", word, command.get_name(), expected_one_of(options, word)),
        kUsageError);
  }
  throw Failure(std::format("toro {}: {}; {}", command.get_name(), error.what(), help), kUsageError);
}

}  // namespace

CommandLine::CommandLine(const std::vector<std::string>& words) {
  auto end = std::ranges::find(words, "--");
  words_.assign(words.begin(), end);
  arguments_given_ = end != words.end();
  if (arguments_given_) arguments_.assign(end + 1, words.end());
  runs_ = std::ranges::contains(words_, "run");
  speaks_json_ = (runs_ || std::ranges::contains(words_, "debug")) && std::ranges::contains(words_, "--json");
}

int CommandLine::failure_status(int status) const {
  return runs_ ? kNoGuestStatus : status;
}

int CommandLine::execute() {
  Parsed parsed;
  CLI::App app(kAbout, "toro");
  add_commands(app, parsed);
  app.get_formatter()->column_width(30);
  try {
    std::vector<std::string> reversed(words_.rbegin(), words_.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    refuse(app, error, words_);
  }
  if (arguments_given_ && !app.got_subcommand("run") && !app.got_subcommand("debug") && !app.got_subcommand("image"))
    throw Failure("words after `--` are arguments of the guest's main: only run, debug and image take them",
                  kUsageError);
  for (auto* boot : {&parsed.boot, &parsed.debug.boot}) {
    boot->arguments = arguments_;
    boot->arguments_given = arguments_given_;
  }
  parsed.image.arguments = arguments_;
  parsed.image.arguments_given = arguments_given_;
  EventLoop loop;
  Context context{loop, find_sdk(parsed.sdk)};
  return parsed.command(context);
}

}  // namespace toro::cli
