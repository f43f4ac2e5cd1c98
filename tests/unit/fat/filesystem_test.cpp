// FAT filesystems made by mkfs.fat, used through the namespace, judged by fsck.fat and mtools.
#include "kernel/filesystem/fat/fat.hpp"

#include <random>

#include "tests/unit/filesystem/image.hpp"
#include "tests/unit/filesystem/model.hpp"

namespace {

using namespace toro::filesystem;
using toro::OpenMode;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

struct Format {
  const char* what;
  std::size_t size;
  const char* options;
};
constexpr Format kFormats[] = {
    {"FAT12", 1440 * 1024, "-F 12"},         {"FAT12, sectors of 4096 bytes", 4 * kMebibyte, "-F 12 -S 4096 -s 1"},
    {"FAT16", 16 * kMebibyte, "-F 16"},      {"FAT16, one table, large clusters", 64 * kMebibyte, "-F 16 -f 1 -s 32"},
    {"FAT32", 40 * kMebibyte, "-F 32 -s 1"},
};

/// What a program printed; its status with it, where that is not 0.
std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  char text[4096];
  while (const std::size_t size = std::fread(text, 1, sizeof text, pipe)) output.append(text, size);
  const int status = pclose(pipe);
  return status == 0 ? output : output + "status " + std::to_string(status);
}

class Volume {
 public:
  explicit Volume(const Format& format) : medium(std::vector<std::byte>(format.size)) {
    save(image, medium.content);
    const auto made = output_of(std::string("/usr/sbin/mkfs.fat ") + format.options + " " + image.string());
    REQUIRE_MESSAGE(made.starts_with("mkfs.fat"), made);
    medium.content = load(image);
    mount();
  }
  ~Volume() { unmount(); }

  void mount() {
    const auto opened = fat::Fat::open(medium, Access::read_write, kCache);
    REQUIRE(opened);
    filesystem = opened->filesystem;
    files.emplace(*filesystem);
  }
  void unmount() {
    if (filesystem == nullptr) return;
    files.reset();
    CHECK(filesystem->finish().has_value() == expect_in_order);
    std::exchange(filesystem, nullptr)->destroy();
  }
  /// What fsck.fat says of it, which is nothing when it is sound.
  std::string faults() {
    REQUIRE(filesystem->sync());
    save(image, medium.content);
    const auto checked = output_of("/usr/sbin/fsck.fat -n " + image.string());
    return checked.contains("status") ? checked : "";
  }
  /// A file's content by mtools.
  std::string read_by_mtools(const std::string& path) {
    return output_of("MTOOLS_SKIP_CHECK=1 mtype -i " + image.string() + " '::" + path + "'");
  }

  static constexpr std::size_t kCache = 256 * 1024;
  Folder folder;
  std::filesystem::path image = folder.path / "disk.img";
  TestMedium medium;
  Filesystem* filesystem = nullptr;
  std::optional<Names> files;
  bool expect_in_order = true;
};

Error error_of(auto result) {
  REQUIRE_FALSE(result);
  return result.error();
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  std::minstd_rand random(seed + 1);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

void for_all_formats(auto test) {
  for (const Format& format : kFormats) {
    CAPTURE(std::string(format.what));
    Volume volume(format);
    test(volume, *volume.files, volume.files->names);
    CHECK(volume.faults() == "");
  }
}

TEST_CASE("files of all sizes are written, read back, and read by others") {
  for_all_formats([](Volume& volume, Names& files, Namespace& names) {
    REQUIRE(names.make_directory({"", "/sub folder"}, 0755));
    for (const unsigned size : {0U, 1U, 511U, 512U, 513U, 10240U, 102400U, 300001U}) {
      const std::string path = "/sub folder/file of " + std::to_string(size) + " bytes";
      REQUIRE(files.write(path, pattern(size, 1)));
      CHECK(files.read(path) == pattern(size, 1));
    }
    REQUIRE(files.write("/GRÖSSE.TXT", "grün"));
    CHECK(volume.faults() == "");
    CHECK(volume.read_by_mtools("sub folder/file of 300001 bytes") == pattern(300001, 1));
    CHECK(volume.read_by_mtools("GRÖSSE.TXT") == "grün");
    volume.unmount();
    volume.mount();
    CHECK(volume.files->read("/sub folder/file of 102400 bytes") == pattern(102400, 1));
    CHECK(volume.files->read("/größe.txt").error() == Error::no_entry);
    CHECK(volume.files->read("/SUB FOLDER/FILE OF 1 BYTES") == pattern(1, 1));
  });
}

TEST_CASE("what mtools wrote is read") {
  for_all_formats([](Volume& volume, Names&, Namespace&) {
    volume.unmount();
    std::ofstream(volume.folder.path / "content") << pattern(70000, 2);
    const std::string image = volume.image.string();
    CHECK(output_of("mmd -i " + image + " ::dir ::dir/deeper") == "");
    for (const char* const name : {"READ.ME", "lower.txt", "A longer name, with commas.text", "дом"})
      CHECK(output_of("mcopy -i " + image + " " + (volume.folder.path / "content").string() + " '::dir/deeper/" + name +
                      "'") == "");
    volume.medium.content = load(volume.image);
    volume.mount();
    CHECK(volume.files->list("/dir/deeper") ==
          std::vector<std::string>{"READ.ME", "lower.txt", "A longer name, with commas.text", "дом"});
    CHECK(volume.files->read("/dir/deeper/A longer name, with commas.text") == pattern(70000, 2));
    CHECK(volume.files->read("/dir/deeper/alonge~1.tex") == pattern(70000, 2));
  });
}

TEST_CASE("holes become zeros, and files are cut") {
  for_all_formats([](Volume&, Names& files, Namespace& names) {
    REQUIRE(files.write("/rubbish", std::string(200000, 'x')));
    REQUIRE(names.unlink({"", "/rubbish"}, false));
    REQUIRE(files.write("/a", "end", 100000));
    CHECK(files.read("/a") == std::string(100000, '\0') + "end");
    REQUIRE(names.truncate({"", "/a"}, 5));
    REQUIRE(names.truncate({"", "/a"}, 70000));
    CHECK(files.read("/a") == std::string(70000, '\0'));
    REQUIRE(names.truncate({"", "/a"}, 0));
    CHECK(files.read("/a") == "");
    CHECK(error_of(names.truncate({"", "/a"}, std::uint64_t{1} << 32)) == Error::too_large);
    CHECK(error_of(files.write("/a", "x", 0xffffffff)) == Error::too_large);
  });
}

TEST_CASE("names: long ones, many, and those that differ in nothing but case") {
  for_all_formats([](Volume& volume, Names& files, Namespace& names) {
    REQUIRE(names.make_directory({"", "/d"}, 0755));
    REQUIRE(files.write("/d/" + std::string(255, 'n'), "long"));
    std::vector<std::string> expected{std::string(255, 'n')};
    for (int i = 0; i < 300; ++i) {
      expected.push_back("a name like others " + std::to_string(i) + ".data");
      REQUIRE(files.write("/d/" + expected.back(), expected.back()));
    }
    CHECK(files.list("/d") == expected);
    CHECK(files.read("/d/A NAME like others 299.DATA") == expected.back());
    CHECK(error_of(names.make_directory({"", "/D"}, 0755)) == Error::exists);
    CHECK(error_of(names.make_directory({"", "/d*"}, 0755)) == Error::invalid);
    CHECK(error_of(files.read("/d*")) == Error::no_entry);
    REQUIRE(names.rename({"", "/d"}, {"", "/D"}));
    CHECK(files.list("/") == std::vector<std::string>{"D"});
    REQUIRE(names.rename({"", "/D"}, {"", "/d"}));
    CHECK(files.list("/") == std::vector<std::string>{"d"});
    for (const std::string& name : expected) REQUIRE(names.unlink({"", "/d/" + name}, false));
    REQUIRE(names.unlink({"", "/d"}, true));
    CHECK(volume.files->list("/")->empty());
  });
}

TEST_CASE("rename, replace, and what is open without a name") {
  for_all_formats([](Volume& volume, Names& files, Namespace& names) {
    const auto free_at_first = volume.filesystem->statistics().free_blocks;
    for (const char* const path : {"/d", "/e", "/d/below"}) REQUIRE(names.make_directory({"", path}, 0755));
    REQUIRE(files.write("/d/f", pattern(50000, 1)));
    REQUIRE(files.write("/g", pattern(60000, 2)));
    OpenFile& replaced = **names.open({"", "/g"}, OpenMode::read, 0);
    OpenFile& moved = **names.open({"", "/d/f"}, OpenMode::read | OpenMode::write, 0);
    REQUIRE(names.rename({"", "/d/f"}, {"", "/g"}));
    CHECK(files.read("/g") == pattern(50000, 1));
    std::string text(60000, '\0');
    CHECK(names.read(replaced, std::as_writable_bytes(std::span(text))) == 60000);
    CHECK(text == pattern(60000, 2));
    REQUIRE(names.write_at(moved, 50000, std::as_bytes(std::span("more", 4))));
    CHECK(files.read("/g") == pattern(50000, 1) + "more");
    CHECK(error_of(names.rename({"", "/d"}, {"", "/d/below/x"})) == Error::invalid);
    CHECK(error_of(names.rename({"", "/d"}, {"", "/g"})) == Error::not_directory);
    CHECK(error_of(names.rename({"", "/g"}, {"", "/d"})) == Error::is_directory);
    CHECK(error_of(names.rename({"", "/e"}, {"", "/d"})) == Error::not_empty);
    REQUIRE(names.rename({"", "/d/below"}, {"", "/e/below"}));
    REQUIRE(names.rename({"", "/e"}, {"", "/d"}));
    CHECK(files.list("/d") == std::vector<std::string>{"below"});
    REQUIRE(names.unlink({"", "/g"}, false));
    REQUIRE(names.write_at(moved, 50004, std::as_bytes(std::span("!", 1))));
    CHECK(names.attributes(moved)->size == 50005);
    names.close(moved);
    names.close(replaced);
    CHECK(error_of(names.link({"", "/d"}, Last::keep, {"", "/l"})) == Error::not_permitted);
    CHECK(error_of(names.make_symlink("d", {"", "/l"})) == Error::not_permitted);
    REQUIRE(names.unlink({"", "/d/below"}, true));
    REQUIRE(names.unlink({"", "/d"}, true));
    CHECK(volume.filesystem->statistics().free_blocks == free_at_first);
  });
}

TEST_CASE("attributes") {
  for_all_formats([](Volume&, Names& files, Namespace& names) {
    REQUIRE(files.write("/f", "text"));
    constexpr std::int64_t moment = 1'000'000'000'000'000'000;  // 2001-09-09 01:46:40 UTC
    AttributeChange change;
    change.mode = 0444;
    change.accessed = change.modified = moment;
    REQUIRE(names.change({"", "/f"}, Last::keep, change));
    const auto attributes = names.attributes({"", "/f"}, Last::keep);
    CHECK(attributes->mode == 0444);
    CHECK(attributes->modified == moment);
    CHECK(attributes->accessed == moment / 86400'000000000 * 86400'000000000);
    change.mode = 0600;
    REQUIRE(names.change({"", "/f"}, Last::keep, change));
    CHECK(names.attributes({"", "/f"}, Last::keep)->mode == 0644);
    change.user = 1;
    CHECK(error_of(names.change({"", "/f"}, Last::keep, change)) == Error::not_permitted);
  });
}

TEST_CASE("a full disk") {
  for_all_formats([](Volume& volume, Names& files, Namespace& names) {
    REQUIRE(files.write("/small", "kept"));
    const auto& statistics = volume.filesystem->statistics();
    const std::size_t room = statistics.free_blocks * statistics.block_size;
    OpenFile& file = **names.open({"", "/large"}, OpenMode::write | OpenMode::create, 0644);
    const std::string text(kMebibyte, 'x');
    std::size_t written = 0;
    for (auto count = names.write(file, std::as_bytes(std::span(text))); count;
         count = names.write(file, std::as_bytes(std::span(text))))
      written += *count;
    CHECK(written == room);
    CHECK(error_of(names.truncate(file, room + 1)) == Error::no_space);
    names.close(file);
    CHECK(error_of(names.make_directory({"", "/d"}, 0755)) == Error::no_space);
    CHECK(error_of(files.write("/small", "x", 100000)) == Error::no_space);
    CHECK(volume.faults() == "");
    REQUIRE(names.unlink({"", "/large"}, false));
    CHECK(volume.filesystem->statistics().free_blocks * statistics.block_size == room);
    CHECK(files.read("/small") == "kept");
  });
}

TEST_CASE("what is not on the medium is told until it is") {
  Volume volume(kFormats[0]);
  CHECK_FALSE(volume.filesystem->has_changes());
  REQUIRE(volume.files->write("/f", "text"));
  CHECK(volume.filesystem->has_changes());
  const unsigned flushes = volume.medium.flushes;
  REQUIRE(volume.filesystem->sync());
  CHECK_FALSE(volume.filesystem->has_changes());
  CHECK(volume.medium.flushes == flushes + 1);
}

TEST_CASE("a write that fails is told once, and nothing is written any more") {
  Volume volume(kFormats[0]);
  Names& files = *volume.files;
  REQUIRE(files.write("/kept", pattern(5000, 3)));
  REQUIRE(volume.filesystem->sync());
  reports.clear();
  volume.medium.fail_writes = true;
  volume.medium.fail_at = 512;  // the first table
  REQUIRE(files.write("/lost", pattern(5000, 4)));
  CHECK(error_of(volume.filesystem->sync()) == Error::io_error);
  CHECK(error_of(files.write("/more", "x")) == Error::read_only);
  CHECK(error_of(files.names.unlink({"", "/kept"}, false)) == Error::read_only);
  CHECK(files.read("/kept") == pattern(5000, 3));
  CHECK(volume.filesystem->statistics().read_only);
  CHECK(reports == std::vector<std::string>{
                       "disk0 is only read from now on: a write failed, and what was written last may be lost"});
  volume.expect_in_order = false;
}

TEST_CASE("a read that fails reaches who asked, and nobody else") {
  Volume volume(kFormats[2]);
  Names& files = *volume.files;
  REQUIRE(files.write("/a", pattern(500000, 3)));
  REQUIRE(files.write("/b", pattern(500000, 4)));
  volume.unmount();
  volume.mount();
  volume.medium.fail_reads = true;
  volume.medium.fail_at = 300000;
  CHECK(error_of(volume.files->read("/a")) == Error::io_error);
  CHECK(volume.files->read("/b") == pattern(500000, 4));
  volume.medium.fail_reads = false;
}

TEST_CASE("100,000 random operations leave what they should") {
  for_all_formats([](Volume& volume, Names& files, Namespace&) {
    Model model(1);
    model.has_links = false;
    model.most_bytes = volume.medium.content.size() / 4;
    model.longest_file = 100'000;
    for (int i = 0; i < 20000; ++i) {
      model.step(files);
      if (i % 4000 != 3999) continue;
      model.compare(files);
      CHECK(volume.faults() == "");
    }
    CHECK(volume.medium.out_of_range == 0);
  });
}

TEST_CASE("what is no FAT filesystem is left to others; one that cannot be used gets a sentence") {
  Volume volume(kFormats[0]);
  volume.unmount();
  const auto refused = [&](std::size_t at, std::initializer_list<unsigned> values) {
    reports.clear();
    TestMedium medium(volume.medium.content);
    for (const unsigned value : values) medium.content[at++] = static_cast<std::byte>(value);
    const auto opened = fat::Fat::open(medium, Access::read_write, Volume::kCache);
    if (opened) opened->filesystem->destroy();
    CHECK(medium.closed == 1);
    if (opened) return std::string();
    return opened.error() == Error::invalid ? "none" : reports.empty() ? "no sentence" : reports.front();
  };
  CHECK(refused(0, {0}) == "");
  CHECK(refused(510, {0}) == "none");
  CHECK(refused(11, {1, 2}) == "none");
  CHECK(refused(13, {3}) == "none");
  CHECK(refused(19, {0xff, 0xff}) == "disk0 has a FAT filesystem that is larger than itself");
  CHECK(refused(14, {0xff, 0xff}) == "disk0 has a FAT filesystem without room for data");
  CHECK(refused(22, {1, 0}) == "disk0 has a FAT filesystem whose tables do not fit its clusters");
}

TEST_CASE("the medium that is only read is not written") {
  Volume volume(kFormats[0]);
  REQUIRE(volume.files->write("/f", "text"));
  volume.unmount();
  volume.medium.read_only = true;
  volume.mount();
  const unsigned writes = volume.medium.writes;
  CHECK(volume.files->read("/f") == "text");
  CHECK(error_of(volume.files->write("/f", "x")) == Error::read_only);
  volume.unmount();
  CHECK(volume.medium.writes == writes);
}

}  // namespace
