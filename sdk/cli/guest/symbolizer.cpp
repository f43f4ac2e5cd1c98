// Talks to one llvm-symbolizer for the length of a run.
#include "sdk/cli/guest/symbolizer.hpp"

#include <poll.h>

#include <array>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

constexpr int kAnswerMilliseconds = 5000;

std::string shortened(const std::filesystem::path& file, const std::filesystem::path& folder) {
  auto relative = file.lexically_relative(folder);
  return relative.empty() || *relative.begin() == ".." ? file.string() : relative.string();
}

}  // namespace

std::string describe_symbols(const std::string& json, const std::filesystem::path& folder) {
  auto answer = nlohmann::json::parse(json, nullptr, false);
  if (answer.is_discarded() || !answer.contains("Symbol")) return "";
  std::string words;
  for (const auto& symbol : answer["Symbol"]) {
    auto function = symbol.value("FunctionName", "");
    auto file = symbol.value("FileName", "");
    if (function.empty()) continue;
    if (!words.empty()) words += ", inlined into ";
    words += function;
    // Line 0 is the symbolizer's guess from a symbol table: no place in a source.
    if (auto line = symbol.value("Line", 0); !file.empty() && line != 0)
      words += std::format(" at {}:{}", shortened(file, folder), line);
  }
  return words;
}

void Symbolizer::start() {
  auto program = find_llvm_program("llvm-symbolizer");
  if (!program) throw Failure("llvm-symbolizer is missing");
  auto to = make_pipe();
  auto from = make_pipe();
  ProcessOptions options;
  options.input = to.reader.get();
  options.output = from.writer.get();
  process_ = std::make_unique<Process>(loop_,
                                       std::vector<std::string>{program->string(), "--obj=" + elf_.string(),
                                                                "--output-style=JSON", "--inlines", "--demangle"},
                                       options);
  questions_ = std::move(to.writer);
  answers_ = std::move(from.reader);
}

std::string Symbolizer::ask(std::uint64_t address) {
  auto question = std::format("{:#x}\n", address);
  if (::write(questions_.get(), question.data(), question.size()) != static_cast<ssize_t>(question.size()))
    throw Failure("llvm-symbolizer went away");
  std::string answer;
  while (!answer.ends_with('\n')) {
    pollfd descriptor{answers_.get(), POLLIN, 0};
    std::array<char, 4096> buffer;
    auto count =
        ::poll(&descriptor, 1, kAnswerMilliseconds) > 0 ? ::read(answers_.get(), buffer.data(), buffer.size()) : 0;
    if (count <= 0) throw Failure("llvm-symbolizer gave no answer");
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

std::string Symbolizer::describe(PanicFrame frame) {
  if (unusable_) return "";
  try {
    if (!process_) start();
    // A return address may lie behind the last line of its function: the call is before it.
    auto address = frame.index == 0 || frame.address == 0 ? frame.address : frame.address - 1;
    return describe_symbols(ask(address), std::filesystem::current_path());
  } catch (const Failure&) {
    // A backtrace without words is still one.
    unusable_ = true;
    return "";
  }
}

}  // namespace toro::cli
