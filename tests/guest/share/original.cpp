// What the original's test of its filesystems did: opening, names without measure, sizes from 0 to 1 MB in one call and
// byte by byte, and a file that is made, written, opened again and compared.
#include "original.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

namespace {

std::vector<char> content(std::size_t size) {
  std::vector<char> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + size);
  return bytes;
}

bool write_whole(const std::string& name, const std::vector<char>& bytes) {
  const int file = open(name.c_str(), O_WRONLY | O_CREAT, 0644);
  const bool written = write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  return close(file) == 0 && written;
}

bool reads_back(const std::string& name, const std::vector<char>& bytes, std::size_t chunk) {
  const int file = open(name.c_str(), O_RDONLY);
  std::vector<char> read_back(bytes.size() + 1);
  std::size_t done = 0;
  ssize_t count = 0;
  do {
    count = read(file, read_back.data() + done, std::min(chunk, read_back.size() - done));
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  } while (count > 0 && done < read_back.size());
  read_back.resize(done);
  return close(file) == 0 && count == 0 && read_back == bytes;
}

}  // namespace

void original_test(const std::string& directory) {
  const char* wrong = nullptr;
  const auto expect = [&wrong](bool holds, const char* what) {
    if (!holds && wrong == nullptr) wrong = what;
  };
  expect(open((directory + "/none").c_str(), O_RDONLY) == -1 && errno == ENOENT, "what is not there is opened");
  mkdir((directory + "/sub").c_str(), 0755);
  expect(write_whole(directory + "/sub/file", content(5)), "a file in a directory");
  expect(reads_back(directory + "/sub/file", content(5), 5), "a file in a directory, read");
  expect(open((directory + "/" + std::string(256, 'x')).c_str(), O_RDONLY) == -1 && errno == ENAMETOOLONG,
         "a name of 256 characters");
  // Not one that ends: the path does, where its memory does.
  const std::vector<char> endless(8192, 'x');
  expect(open(std::string(endless.begin(), endless.end()).c_str(), O_RDONLY) == -1 && errno == ENAMETOOLONG,
         "a path of 8192 characters");
  for (const std::size_t size : {0UL, 1024UL, 10240UL, 102400UL, 1048576UL}) {
    const std::string name = directory + "/original" + std::to_string(size);
    const auto bytes = content(size);
    expect(write_whole(name, bytes), "a file is written");
    expect(reads_back(name, bytes, size + 1), "a file is read in one call");
    struct stat status{};
    expect(stat(name.c_str(), &status) == 0 && status.st_size == static_cast<off_t>(size), "the size of a file");
    if (size <= 10240) expect(reads_back(name, bytes, 1), "a file is read byte by byte");
  }
  std::printf("original: %s\n", wrong == nullptr ? "good" : wrong);
}
