// Addresses of an image in words, by llvm-symbolizer.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "sdk/cli/guest/panic_frame.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {

class Symbolizer {
 public:
  Symbolizer(EventLoop& loop, std::filesystem::path elf) : loop_(loop), elf_(std::move(elf)) {}

  /// "function at file:line", with the functions it was inlined into; empty when nothing is known.
  std::string describe(PanicFrame frame);

 private:
  void start();
  std::string ask(std::uint64_t address);

  EventLoop& loop_;
  std::filesystem::path elf_;
  FileDescriptor questions_;
  FileDescriptor answers_;
  std::unique_ptr<Process> process_;  ///< started by the first question: most runs never panic
  bool unusable_ = false;
};

/// The words for one answer of llvm-symbolizer --output-style=JSON; files below `folder` are named from there.
std::string describe_symbols(const std::string& json, const std::filesystem::path& folder);

}  // namespace toro::cli
