// The kinds of images that `toro image` makes.
#pragma once

#include <array>
#include <string_view>

namespace toro::cli {

enum class ImageFormat { elf, efi, raw, iso, qcow2, vmdk, vdi, vhdx };

struct NamedImageFormat {
  std::string_view name;  ///< of the option, and the file's extension
  ImageFormat format;
};
inline constexpr std::array<NamedImageFormat, 8> kImageFormats{{{"elf", ImageFormat::elf},
                                                                {"efi", ImageFormat::efi},
                                                                {"raw", ImageFormat::raw},
                                                                {"iso", ImageFormat::iso},
                                                                {"qcow2", ImageFormat::qcow2},
                                                                {"vmdk", ImageFormat::vmdk},
                                                                {"vdi", ImageFormat::vdi},
                                                                {"vhdx", ImageFormat::vhdx}}};

}  // namespace toro::cli
