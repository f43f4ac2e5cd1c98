// The first disk, as a program on Linux that wants speed has it: O_DIRECT, and asynchronous I/O in batches.
#pragma once

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <linux/fs.h>

#include "modules.hpp"

namespace platform {

class Disk {
 public:
  /// Null where there is none.
  static Disk* first() {
    static Disk disk;
    return disk.file_ < 0 ? nullptr : &disk;
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// `count` reads of `size` bytes at the places that `next` tells, `depth` at any time. Whether all went well.
  template <class Next>
  bool read(std::uint64_t count, unsigned depth, std::size_t size, Next next) {
    aio_context_t context = 0;
    if (syscall(SYS_io_setup, depth, &context) != 0) return false;
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(4096, depth * size));
    std::vector<iocb> reads(depth);
    std::vector<io_event> ended(depth);
    std::vector<iocb*> batch;
    std::uint64_t begun = 0;
    const auto begin = [&](iocb& read) {
      read.aio_offset = static_cast<std::int64_t>(next());
      batch.push_back(&read);
      ++begun;
    };
    for (unsigned i = 0; i < depth && begun < count; ++i) {
      reads[i].aio_lio_opcode = IOCB_CMD_PREAD;
      reads[i].aio_fildes = static_cast<std::uint32_t>(file_);
      reads[i].aio_buf = reinterpret_cast<std::uint64_t>(memory + i * size);
      reads[i].aio_nbytes = size;
      reads[i].aio_data = i;
      begin(reads[i]);
    }
    bool good = true;
    for (std::uint64_t done = 0; done < count && good;) {
      const auto given = static_cast<long>(batch.size());
      good = given == 0 || syscall(SYS_io_submit, context, given, batch.data()) == given;
      batch.clear();
      const long some =
          good ? syscall(SYS_io_getevents, context, 1L, static_cast<long>(depth), ended.data(), nullptr) : 0;
      for (long i = 0; i < some; ++i) {
        good = good && ended[static_cast<std::size_t>(i)].res == static_cast<std::int64_t>(size);
        ++done;
        if (begun < count) begin(reads[ended[static_cast<std::size_t>(i)].data]);
      }
    }
    syscall(SYS_io_destroy, context);
    std::free(memory);
    return good;
  }

 private:
  Disk() {
    load_modules();
    mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr);
    // The driver may still be looking for its disk.
    for (int i = 0; i < 500 && file_ < 0; ++i) {
      for (const char* name : {"/dev/vda", "/dev/sda"})
        if (file_ < 0) file_ = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC);
      if (file_ < 0) usleep(10'000);
    }
    if (file_ >= 0) ioctl(file_, BLKGETSIZE64, &bytes_);
  }

  int file_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace platform
