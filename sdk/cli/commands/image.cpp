// `toro image`: a file that other machines than `toro run`'s boot.
#include <format>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/guest/run_directory.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/partial_file.hpp"
#include "sdk/cli/host/process.hpp"
#include "sdk/cli/image/maker.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

/// The kernel maps the first GiB when it is entered, and loaders put the file into memory beside it.
constexpr std::uintmax_t kLargestKernel = std::uintmax_t{256} << 20;

const NamedImageFormat& find_format(const std::string& name) {
  if (name.empty()) throw Failure("--format was expected, which says what to make", kUsageError);
  std::vector<std::string> names;
  for (const auto& known : kImageFormats) {
    if (known.name == name) return known;
    names.emplace_back(known.name);
  }
  throw Failure(std::format("unknown format '{}': {}", name, expected_one_of(names, name)), kUsageError);
}

void strip(Context& context, const fs::path& elf, const fs::path& to) {
  auto program = find_llvm_program("llvm-strip");
  if (!program) throw Failure("llvm-strip was expected and was not found: `toro setup --for build` installs it");
  auto answer = capture_program(context.loop, {program->string(), "--strip-all", "-o", to.string(), elf.string()});
  if (answer.status != 0) throw Failure(std::format("llvm-strip failed on {}: {}", elf.string(), answer.output));
}

void check_kernel(const fs::path& kernel, const Target& target, ImageFormat format) {
  if (const auto bytes = fs::file_size(kernel); bytes > kLargestKernel)
    throw Failure(std::format("{} was expected to have at most {} bytes without symbols: it has {}", target.name,
                              kLargestKernel, bytes));
  if (format != ImageFormat::elf && !has_multiboot2_header(kernel))
    throw Failure(
        std::format("{} of board {} was expected to have a Multiboot2 entry and has none: only --format elf "
                    "can be made of it; board kvm-pc has one",
                    target.name, target.board.name));
}

}  // namespace

int image_command(Context& context, const ImageOptions& options) {
  const auto& [extension, format] = find_format(options.format);
  if (format == ImageFormat::elf && options.arguments_given)
    throw Failure("words after `--` are kept on a disk: an ELF image gets its command line from what loads it",
                  kUsageError);
  auto target = resolve_target(context.sdk, options.target);
  if (target.kind != Target::Kind::image) ensure_toolchain(context);
  if (format != ImageFormat::elf) ensure_group(context, "image");
  const auto output =
      fs::absolute(options.output.empty() ? std::format("{}.{}", target.name, extension) : options.output);
  PartialFile partial(output);
  auto application = build_target(context.loop, context.sdk, target, options.target.application, Progress::when_long);
  if (fs::exists(output) && fs::equivalent(output, application.elf))
    throw Failure(std::format("{} is the image itself: name another file by --output", output.string()), kUsageError);

  RunDirectory folder;
  strip(context, application.elf, folder.path() / "toro.elf");
  check_kernel(folder.path() / "toro.elf", target, format);
  auto arguments = options.arguments;
  if (!options.arguments_given && target.sample) arguments = target.sample->arguments;
  std::ofstream(folder.path() / "arguments") << guest_command_line({}, arguments);
  ImageMaker(context.loop, folder.path()).make(format, partial.path());
  partial.complete();

  if (options.json) {
    nlohmann::ordered_json json{{"image", output.string()},       {"format", extension},
                                {"bytes", fs::file_size(output)}, {"elf", application.elf.string()},
                                {"board", target.board.name},     {"config", target.preset.config}};
    print(json.dump(2) + "\n");
  } else {
    print(output.string() + "\n");
  }
  return 0;
}

}  // namespace toro::cli
