// A sample as its sample.json describes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace toro::cli {

struct Sample {
  std::string name;
  std::filesystem::path directory;
  std::string title;
  std::string description;
  std::vector<std::string> boards;     ///< the boards it runs on
  std::vector<std::string> arguments;  ///< what main gets when nothing is given
  std::vector<std::string> expect;     ///< console lines that it must print, in this order
  std::vector<std::string> disks;      ///< values of --disk when none is given
  unsigned cores = 0;                  ///< that it runs with when nothing is given; 0: the board's default
  std::string network = "none";        ///< user or none: what it runs with when nothing is given
  int exit_status = 0;
};

Sample parse_sample(const std::filesystem::path& directory, const std::string& text, const std::string& file);

/// All samples below `samples`, by name.
std::vector<Sample> read_samples(const std::filesystem::path& samples);

}  // namespace toro::cli
