// POSIX's functions on files, as the C library has them.
#include <doctest/doctest.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <toro/cores.hpp>
#include <toro/thread.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

TEST_CASE("read, write, pread, pwrite, readv, writev, lseek") {
  const int file = open("/tmp/p", O_RDWR | O_CREAT | O_EXCL, 0600);
  REQUIRE(file >= 3);
  CHECK(open("/tmp/p", O_RDWR | O_CREAT | O_EXCL, 0600) == -1);
  CHECK(errno == EEXIST);
  char a[] = "abc", b[] = "defg";
  const iovec out[] = {{a, 3}, {b, 4}};
  CHECK(writev(file, out, 2) == 7);
  CHECK(pwrite(file, "X", 1, 2) == 1);
  char text[8] = {};
  CHECK(pread(file, text, 8, 0) == 7);
  CHECK(std::string_view(text) == "abXdefg");
  CHECK(lseek(file, -3, SEEK_END) == 4);
  iovec in[] = {{text, 2}, {text + 4, 2}};
  CHECK(readv(file, in, 2) == 3);
  CHECK(lseek(file, 0, SEEK_CUR) == 7);
  CHECK(lseek(file, -1, SEEK_SET) == -1);
  CHECK(errno == EINVAL);
  CHECK(ftruncate(file, 2) == 0);
  struct stat status{};
  CHECK(fstat(file, &status) == 0);
  CHECK(status.st_size == 2);
  CHECK(S_ISREG(status.st_mode));
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(fsync(file) == 0);
  CHECK(fdatasync(file) == 0);
  CHECK(close(file) == 0);
  CHECK(close(file) == -1);
  CHECK(errno == EBADF);
  CHECK(unlink("/tmp/p") == 0);
}

TEST_CASE("a private mapping is a copy of the file, with zeros beyond its end") {
  const int file = open("/tmp/m", O_RDWR | O_CREAT | O_EXCL, 0600);
  REQUIRE(file >= 3);
  constexpr long kPage = 4096;
  CHECK(pwrite(file, "first", 5, 0) == 5);
  CHECK(pwrite(file, "second", 6, kPage) == 6);
  const auto map = [&](int protection, int flags, int descriptor, long offset) {
    return static_cast<char*>(mmap(nullptr, 2 * kPage, protection, flags, descriptor, offset));
  };
  char* const whole = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  REQUIRE(whole != MAP_FAILED);
  CHECK(std::string_view(whole) == "first");
  CHECK(std::string_view(whole + kPage) == "second");
  whole[0] = 'F';
  char byte = 0;
  CHECK(pread(file, &byte, 1, 0) == 1);
  CHECK(byte == 'f');
  CHECK(munmap(whole, 2 * kPage) == 0);
  char* const rest = map(PROT_READ, MAP_PRIVATE, file, kPage);
  REQUIRE(rest != MAP_FAILED);
  CHECK(std::string_view(rest) == "second");
  CHECK(rest[kPage] == 0);
  CHECK(munmap(rest, 2 * kPage) == 0);
  const auto refused = [&](int error, int protection, int flags, int descriptor, long offset) {
    CHECK(map(protection, flags, descriptor, offset) == MAP_FAILED);
    CHECK(errno == error);
  };
  refused(ENODEV, PROT_READ, MAP_SHARED, file, 0);
  refused(ENODEV, PROT_READ, MAP_PRIVATE, 1, 0);
  refused(EBADF, PROT_READ, MAP_PRIVATE, 999, 0);
  refused(EINVAL, PROT_READ, MAP_PRIVATE, file, 1);
  refused(EACCES, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, file, 0);
  CHECK(close(file) == 0);
  CHECK(unlink("/tmp/m") == 0);
}

TEST_CASE("devices that are files") {
  const int random = open("/dev/urandom", O_RDONLY);
  REQUIRE(random >= 3);
  unsigned char bytes[2][32] = {};
  CHECK(read(random, bytes[0], 32) == 32);
  CHECK(read(random, bytes[1], 32) == 32);
  CHECK(std::memcmp(bytes[0], bytes[1], 32) != 0);
  CHECK(lseek(random, 0, SEEK_SET) == -1);
  CHECK(close(random) == 0);
  const int null = open("/dev/null", O_RDWR);
  REQUIRE(null >= 3);
  CHECK(write(null, bytes, 32) == 32);
  CHECK(read(null, bytes, 32) == 0);
  CHECK(close(null) == 0);
  const int zero = open("/dev/zero", O_RDWR);
  REQUIRE(zero >= 3);
  CHECK(write(zero, bytes, 32) == 32);
  CHECK(read(zero, bytes[0], 32) == 32);
  CHECK(std::ranges::count(bytes[0], 0) == 32);
  CHECK(close(zero) == 0);
}

TEST_CASE("cores that open files with one descriptor left make none that they have no descriptor for") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int last = dup(1);
  CHECK(close(last) == 0);
  const rlimit one{.rlim_cur = static_cast<rlim_t>(last) + 1, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &one) == 0);
  std::atomic<int> opened = 0;
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t i = 0; i < 2 * toro::cores(); ++i)
    threads.push_back(toro::thread::create({.core = i % toro::cores(), .name = "opener"}, [&opened, last, i] {
      const std::string path = "/tmp/one" + std::to_string(i);
      for (int round = 0; round < 50; ++round) {
        const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
        if (file < 0) {
          CHECK(errno == EMFILE);
          CHECK(access(path.c_str(), F_OK) == -1);
        } else {
          ++opened;
          CHECK(file == last);
          CHECK(unlink(path.c_str()) == 0);
          CHECK(close(file) == 0);
        }
        toro::this_thread::yield();
      }
    }));
  for (auto& thread : threads) thread.join();
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(opened > 0);
}

TEST_CASE("descriptors: the lowest is taken, copies share their position") {
  const int file = open("/tmp/dup", O_RDWR | O_CREAT, 0600);
  const int copy = dup(file);
  CHECK(copy == file + 1);
  CHECK(write(file, "12", 2) == 2);
  CHECK(lseek(copy, 0, SEEK_CUR) == 2);
  CHECK(dup2(file, 20) == 20);
  CHECK(fcntl(20, F_GETFD) == 0);
  CHECK(fcntl(20, F_SETFD, FD_CLOEXEC) == 0);
  CHECK(fcntl(20, F_GETFD) == FD_CLOEXEC);
  CHECK((fcntl(20, F_GETFL) & O_ACCMODE) == O_RDWR);
  CHECK(fcntl(file, F_DUPFD, 30) == 30);
  for (const int each : {file, copy, 20, 30}) CHECK(close(each) == 0);
  CHECK(dup(1) == file);
  CHECK(isatty(file) == 1);
  CHECK(close(file) == 0);
  CHECK(unlink("/tmp/dup") == 0);
}

TEST_CASE("a file that there is no descriptor for is neither made nor made shorter") {
  const int file = open("/tmp/kept", O_RDWR | O_CREAT, 0600);
  CHECK(write(file, "kept", 4) == 4);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  CHECK(open("/tmp/kept", O_RDWR | O_TRUNC) == -1);
  CHECK(errno == EMFILE);
  CHECK(open("/tmp/never", O_RDWR | O_CREAT, 0600) == -1);
  CHECK(errno == EMFILE);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  struct stat status{};
  CHECK(fstat(file, &status) == 0);
  CHECK(status.st_size == 4);
  CHECK(access("/tmp/never", F_OK) == -1);
  close(file);
  CHECK(unlink("/tmp/kept") == 0);
}

TEST_CASE("nobody holds a lock") {
  const int file = open("/tmp/lock", O_RDWR | O_CREAT, 0600);
  struct flock lock{.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
  CHECK(fcntl(file, F_SETLK, &lock) == 0);
  CHECK(fcntl(file, F_GETLK, &lock) == 0);
  CHECK(lock.l_type == F_UNLCK);
  close(file);
  CHECK(unlink("/tmp/lock") == 0);
}

TEST_CASE("standard output can be a file for a while") {
  const int console = dup(1);
  const int file = open("/tmp/out", O_WRONLY | O_CREAT, 0600);
  REQUIRE(dup2(file, 1) == 1);
  CHECK(write(1, "to the file", 11) == 11);
  REQUIRE(dup2(console, 1) == 1);
  close(console);
  close(file);
  struct stat status{};
  CHECK(stat("/tmp/out", &status) == 0);
  CHECK(status.st_size == 11);
  CHECK(unlink("/tmp/out") == 0);
}

TEST_CASE("names: mkdir, readdir, link, symlink, access, rmdir, *at") {
  REQUIRE(mkdir("/tmp/n", 0755) == 0);
  const int directory = open("/tmp/n", O_RDONLY | O_DIRECTORY);
  REQUIRE(directory >= 0);
  const int file = openat(directory, "f", O_CREAT | O_WRONLY, 0644);
  CHECK(close(file) == 0);
  CHECK(linkat(directory, "f", directory, "g", 0) == 0);
  CHECK(symlinkat("f", directory, "s") == 0);
  CHECK(faccessat(directory, "f", R_OK | W_OK, 0) == 0);
  CHECK(access("/tmp/n/f", X_OK) == -1);
  CHECK(errno == EACCES);
  struct stat status{};
  CHECK(fstatat(directory, "s", &status, AT_SYMLINK_NOFOLLOW) == 0);
  CHECK(S_ISLNK(status.st_mode));
  CHECK(stat("/tmp/n/s", &status) == 0);
  CHECK(status.st_nlink == 2);
  char target[8] = {};
  CHECK(readlink("/tmp/n/s", target, sizeof target) == 1);
  CHECK(chmod("/tmp/n/f", 0700) == 0);
  CHECK(access("/tmp/n/f", X_OK) == 0);
  DIR* const list = fdopendir(directory);
  REQUIRE(list != nullptr);
  int entries = 0;
  while (readdir(list) != nullptr) ++entries;
  CHECK(entries == 5);
  CHECK(rmdir("/tmp/n") == -1);
  CHECK(errno == ENOTEMPTY);
  for (const char* name : {"f", "g", "s"}) CHECK(unlinkat(dirfd(list), name, 0) == 0);
  CHECK(closedir(list) == 0);
  CHECK(rmdir("/tmp/n") == 0);
  struct statvfs whole{};
  CHECK(statvfs("/tmp", &whole) == 0);
  CHECK(whole.f_namemax == 255);
}

TEST_CASE("names that are wrong fail by the right errno") {
  CHECK(open("", O_RDONLY) == -1);
  CHECK(errno == ENOENT);
  CHECK(open("/tmp", O_WRONLY) == -1);
  CHECK(errno == EISDIR);
  char name[300];
  std::memset(name, 'n', sizeof name);
  name[299] = '\0';
  CHECK(open(name, O_RDONLY) == -1);
  CHECK(errno == ENAMETOOLONG);
  CHECK(mkdir("/carried.txt/x", 0755) == -1);
  CHECK(errno == ENOTDIR);
  CHECK(read(77, name, 1) == -1);
  CHECK(errno == EBADF);
}

}  // namespace
