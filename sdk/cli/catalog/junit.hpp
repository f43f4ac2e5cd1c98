// The results that CTest writes as JUnit XML.
#pragma once

#include <string>
#include <vector>

namespace toro::cli {

struct TestResult {
  enum class Verdict { passed, failed, skipped };
  std::string name;
  Verdict verdict;
  std::string reason;  ///< the last line that a skipped test printed, or why CTest did not run it
};

/// Reads what `ctest --output-junit` wrote.
std::vector<TestResult> parse_junit(const std::string& xml);

}  // namespace toro::cli
