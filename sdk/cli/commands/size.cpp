// `toro size`: the units that an image is made of, by the linker's map.
#include <array>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/link_map.hpp"
#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/run_directory.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

std::uintmax_t stripped_size(Context& context, const std::filesystem::path& elf) {
  auto strip = find_llvm_program("llvm-strip");
  if (!strip) throw Failure("llvm-strip was expected and was not found: `toro setup --for build` installs it");
  RunDirectory folder;
  auto stripped = folder.path() / "image";
  auto answer = capture_program(context.loop, {strip->string(), "--strip-all", "-o", stripped.string(), elf.string()});
  if (answer.status != 0) throw Failure(std::format("llvm-strip failed on {}: {}", elf.string(), answer.output));
  return std::filesystem::file_size(stripped);
}

std::vector<std::string> row_of(const std::string& name, const UnitSize& size) {
  std::vector<std::string> row{name};
  for (auto bytes : {size.code, size.constants, size.data, size.zeroed, size.code + size.constants + size.data})
    row.push_back(std::format("{:>9}", bytes));
  return row;
}

nlohmann::ordered_json json_of(const UnitSize& size) {
  return {{"code", size.code}, {"constants", size.constants}, {"data", size.data}, {"zeroed", size.zeroed}};
}

}  // namespace

int size_command(Context& context, const TargetOptions& options, Output output) {
  auto target = resolve_target(context.sdk, options);
  ensure_toolchain(context);
  auto application = build_target(context.loop, context.sdk, target, options.application, Progress::when_long);
  auto map = std::filesystem::path(application.elf.string() + ".map");
  auto units = sizes_by_unit(read_text(map), kernel_sources(context.sdk / "kernel"));
  auto stripped = stripped_size(context, application.elf);
  UnitSize total;
  std::vector<std::vector<std::string>> rows{{"UNIT", "     code", "constants", "     data", "   zeroed", "  in file"}};
  auto json_units = nlohmann::ordered_json::object();
  for (const auto& [name, size] : units) {
    rows.push_back(row_of(name, size));
    json_units[name] = json_of(size);
    total += size;
  }
  rows.push_back(row_of("total", total));
  if (output == Output::json) {
    nlohmann::ordered_json json{{"name", application.name},   {"elf", application.elf.string()},
                                {"board", target.board.name}, {"config", target.preset.config},
                                {"stripped_bytes", stripped}, {"units", json_units},
                                {"total", json_of(total)}};
    print(json.dump(2) + "\n");
  } else {
    print(format_table(rows));
    print(std::format("\n{}: {} bytes stripped\n", application.elf.string(), stripped));
  }
  return 0;
}

}  // namespace toro::cli
