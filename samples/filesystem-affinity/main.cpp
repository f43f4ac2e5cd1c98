// A filesystem that runs on core 1; its user is on core 0. Calls are carried there and back.
#include <toro/cores.hpp>
#include <toro/mount.hpp>

#include <filesystem>
#include <fstream>
#include <print>

int main() {
  const std::uint32_t there = toro::cores() - 1;
  // `toro run --disk IMG:ext2:/disk` has mounted it on core 0.
  static_cast<void>(toro::unmount("/disk"));
  std::filesystem::create_directory("/disk");
  if (const auto mounted = toro::mount("disk0", "/disk", {.kind = "ext2", .core = there}); !mounted) {
    std::println("disk0: {}", toro::describe(mounted.error()));
    return 1;
  }
  std::println("disk0 is mounted, its filesystem runs on core {}", there);
  {
    std::ofstream log("/disk/log");
    for (int i = 0; i < 1000; ++i) log << "line " << i << " from core " << toro::this_core() << '\n';
  }
  std::println("the log has {} bytes", std::filesystem::file_size("/disk/log"));
  if (const auto unmounted = toro::unmount("/disk"); !unmounted)
    std::println("/disk: {}", toro::describe(unmounted.error()));
}
