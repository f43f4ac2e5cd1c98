// A disk that is mounted at /data: content of the image is put there, a log grows from run to run, all of it is listed.
#include <toro/file.hpp>

#include <filesystem>
#include <fstream>
#include <print>
#include <string>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  const fs::path data = argc > 1 ? argv[1] : "/data";
  if (!fs::is_directory(data)) {
    std::println("{} is no folder: toro run files --disk 16M:ext2:{}", data.string(), data.string());
    return 1;
  }
  fs::copy_file("/welcome.txt", data / "welcome.txt", fs::copy_options::overwrite_existing);

  std::ofstream(data / "log", std::ios::app) << "one more run\n";
  std::ifstream log(data / "log");
  int runs = 0;
  for (std::string line; std::getline(log, line);) ++runs;
  std::println("the log has {} line{}", runs, runs == 1 ? "" : "s");

  // The same by Toro's own functions, whose results are values.
  auto file = toro::File::open((data / "log").string(), toro::OpenMode::read);
  if (!file) std::println("the log: {}", toro::describe(file.error()));
  if (file && !file->sync()) std::println("the log may not be on the disk yet");

  for (const auto& entry : fs::directory_iterator(data))
    if (entry.is_regular_file()) std::println("{} {} bytes", entry.path().string(), entry.file_size());
  const auto space = fs::space(data);
  std::println("{} KiB of {} are free", space.free / 1024, space.capacity / 1024);
}
