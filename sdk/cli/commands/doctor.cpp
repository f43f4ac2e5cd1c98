// `toro doctor`: what is installed, which version, what is missing, and how to get it.
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/acceleration.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

struct Finding {
  Requirement requirement;
  std::string found;  ///< a version, a path, or what is wrong
  bool good;
};

std::string name_of(const Requirement& requirement) {
  return requirement.check.substr(requirement.check.find(':') + 1);
}

/// Runs the program: one that is there and does not start is the commonest reason why a debugger fails.
Finding examine_program(Context& context, const Requirement& requirement) {
  auto name = name_of(requirement);
  auto path = find_program(name);
  if (!path) return {requirement, "missing", false};
  auto answer = capture_program(context.loop, {path->string(), "--version"});
  if (answer.status != 0)
    return {requirement, std::format("{} --version fails with status {}", path->string(), answer.status), false};
  auto version = find_version(answer.output);
  bool good = requirement.minimum.empty() || version.empty() || compare_versions(version, requirement.minimum) >= 0;
  return {requirement, version.empty() ? path->string() : version, good};
}

Finding examine(Context& context, const Requirement& requirement) {
  if (requirement.check.starts_with("cmd:")) return examine_program(context, requirement);
  bool there = std::filesystem::exists(name_of(requirement));
  return {requirement, there ? "present" : "missing", there};
}

std::string wanted_of(const Requirement& requirement) {
  return requirement.minimum.empty() ? "any" : ">= " + requirement.minimum;
}

}  // namespace

int doctor_command(Context& context, Output output) {
  auto list = read_packages(context.sdk);
  std::vector<std::vector<std::string>> rows{{"", "FOR", "WHAT", "FOUND", "WANTED", "DEBIAN PACKAGE", "WHAT FOR"}};
  auto tools = nlohmann::ordered_json::array();
  bool usable = true;
  std::vector<std::string> lacking;
  for (const auto& requirement : list.requirements) {
    auto finding = examine(context, requirement);
    // Tests and the extension are the business of those who work on the SDK.
    bool needed = requirement.group == "build" || requirement.group == "run";
    if (!finding.good && needed) usable = false;
    if (!finding.good && (lacking.empty() || lacking.back() != requirement.group)) lacking.push_back(requirement.group);
    rows.push_back({finding.good ? "ok" : "--", requirement.group, name_of(requirement), finding.found,
                    wanted_of(requirement), requirement.package, requirement.purpose});
    tools.push_back({{"name", name_of(requirement)},
                     {"group", requirement.group},
                     {"ok", finding.good},
                     {"found", finding.found},
                     {"wanted", wanted_of(requirement)},
                     {"package", requirement.package},
                     {"purpose", requirement.purpose}});
  }
  auto kvm = kvm_state();
  std::string install = "toro setup";
  for (const auto& group : lacking) install += " --for " + group;
  if (output == Output::json) {
    nlohmann::ordered_json json{{"ok", usable},
                                {"version", TORO_VERSION},
                                {"sdk", context.sdk.string()},
                                {"llvm", list.llvm},
                                {"tools", tools},
                                {"install", lacking.empty() ? "" : install},
                                {"kvm", {{"usable", kvm.usable}, {"reason", kvm.reason}}}};
    print(json.dump(2) + "\n");
  } else {
    print(format_table(rows));
    print(std::format("\nSDK: {}\nKVM: {}: {}\n", context.sdk.string(), kvm.usable ? "yes" : "no", kvm.reason));
    print(lacking.empty() ? "Nothing is missing.\n" : std::format("What is missing is installed by: {}\n", install));
  }
  return usable ? 0 : 1;
}

}  // namespace toro::cli
