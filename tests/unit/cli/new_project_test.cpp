// A project made of a sample: what is copied, what is renamed, and what is said of a folder that will not do.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>

#include "sdk/cli/catalog/new_project.hpp"
#include "sdk/cli/host/failure.hpp"

using namespace toro::cli;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / std::format("toro-new-{}", getpid())) {
    fs::create_directories(path_ / "greet/files");
    fs::create_directories(path_ / "greet/build");
    put("greet/CMakeLists.txt", "project(greet)\ntoro_add_application(greet main.cpp FILES files)\n");
    put("greet/main.cpp", "int main() {}\n");
    put("greet/README.md", "./toro run greet\n");
    put("greet/files/greet", "text");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  void put(const char* name, const char* text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] std::string text(const char* name) const {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] Sample sample() const {
    Sample sample;
    sample.name = "greet";
    sample.directory = path_ / "greet";
    return sample;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] std::string refusal(const fs::path& folder) const {
    try {
      make_project(sample(), folder);
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "";
  }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("an application is renamed where it is named, and nowhere else") {
  CHECK(renamed_application("project(a LANGUAGES C)\n# a (a)\nf(a-b a)\nf(a)\n", "a", "b") ==
        "project(b LANGUAGES C)\n# a (b)\nf(a-b a)\nf(b)\n");
  CHECK(renamed_application("f(a)", "a", "aa") == "f(aa)");
}

TEST_CASE("a project is the sample without its README and its build") {
  const Folder folder;
  CHECK(make_project(folder.sample(), folder.path() / "own/weather/") == folder.path() / "own/weather");
  CHECK(folder.text("own/weather/CMakeLists.txt") ==
        "project(weather)\ntoro_add_application(weather main.cpp FILES files)\n");
  CHECK(folder.text("own/weather/files/greet") == "text");
  CHECK_FALSE(fs::exists(folder.path() / "own/weather/README.md"));
  CHECK_FALSE(fs::exists(folder.path() / "own/weather/build"));
}

TEST_CASE("a folder that will not do") {
  const Folder folder;
  CHECK(folder.refusal(folder.path() / "greet").contains("a new folder or an empty one"));
  CHECK(folder.refusal(folder.path() / "greet/main.cpp").contains("a letter, then letters"));
  CHECK(folder.refusal(folder.path() / "2nd").contains("'2nd' was found"));
  CHECK(folder.refusal(folder.path() / "test").contains("CMake has a target 'test'"));
  CHECK(folder.refusal("/proc/weather").contains("/proc/weather was expected to be writable"));
}
