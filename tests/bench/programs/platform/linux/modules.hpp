// Drivers of Debian's kernel.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace platform {

/// Those that the initramfs has for this program, in the order of their names, with the parameters beside each.
inline void load_modules() {
  DIR* folder = opendir("/modules");
  if (folder == nullptr) return;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder))
    if (const std::string name = entry->d_name; name.ends_with(".ko"))
      names.push_back("/modules/" + name.substr(0, name.size() - 3));
  closedir(folder);
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    std::string parameters;
    std::getline(std::ifstream(name + ".parameters"), parameters);
    const int module = open((name + ".ko").c_str(), O_RDONLY | O_CLOEXEC);
    syscall(SYS_finit_module, module, parameters.c_str(), 0);
    close(module);
  }
}

}  // namespace platform
