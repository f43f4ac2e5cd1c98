// Tests that boot: the guest test programs by their exit status, the samples by their console as well.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "sdk/cli/catalog/junit.hpp"
#include "sdk/cli/catalog/presets.hpp"
#include "sdk/cli/commands/context.hpp"

namespace toro::cli {

/// The names of the tests that a preset has which CMake has configured.
std::vector<std::string> list_guest_tests(const Context& context, const Preset& preset);

/// Runs those of `names`, where there are any, one by one; says on `out` how each went, and what a failed one printed.
std::vector<TestResult> run_guest_tests(Context& context, const Preset& preset, const std::vector<std::string>& names,
                                        std::FILE* out);

/// The first of `lines` that the console lacks, in their order; empty when all are there.
std::string missing_line(const std::string& console, const std::vector<std::string>& lines);

}  // namespace toro::cli
