// The parts that a TCP connection is made of.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

TEST_CASE("sequence numbers go round") {
  const Sequence high{0xfffffff0};
  CHECK(high < high + 0x20);
  CHECK(high + 0x20 > high);
  CHECK_EQ(distance(high, high + 0x20), 0x20);
  CHECK_EQ(later(high, high + 0x20), Sequence{0x10});
  CHECK_EQ(earlier(high, high + 0x20), high);
}

TEST_CASE("ranges join where they meet, and are bounded") {
  Ranges ranges;
  const auto range = [](std::uint32_t begin, std::uint32_t end) { return Range{{begin}, {end}}; };
  CHECK(ranges.add(range(10, 20)));
  CHECK(ranges.add(range(30, 40)));
  CHECK(ranges.add(range(0, 5)));
  CHECK_EQ(ranges.all().size(), 3);
  CHECK(ranges.add(range(20, 30)));
  CHECK_EQ(ranges.all().size(), 2);
  CHECK(ranges.has(range(12, 38)));
  CHECK_FALSE(ranges.has(range(4, 11)));
  CHECK(ranges.add(range(3, 50)));
  REQUIRE_EQ(ranges.all().size(), 1);
  CHECK_EQ(ranges.bytes(), 50);
  ranges.remove_below({45});
  CHECK_EQ(ranges.bytes(), 5);
  ranges.remove_below({50});
  CHECK(ranges.empty());
  for (std::uint32_t i = 0; i < Ranges::kMost; ++i) CHECK(ranges.add(range(100 * i, 100 * i + 1)));
  CHECK_FALSE(ranges.add(range(50, 51)));
  CHECK(ranges.add(range(1, 2)));
}

TEST_CASE("a byte window keeps what is written anywhere, and no more memory than that") {
  MemoryBudget budget(1 << 20);
  ByteWindow window(budget, 64 << 10);
  const auto data = random_bytes(200'000, 1);
  std::size_t begin = 0;
  std::mt19937 random(2);
  std::size_t end = 0;
  while (begin < 150'000) {
    const std::size_t room = begin + window.capacity() - end;
    const std::size_t more = std::min<std::size_t>(random() % 9000, room);
    REQUIRE(window.write(end - begin, Bytes(data).subspan(end, more)));
    end += more;
    const std::size_t less = random() % (end - begin + 1);
    std::vector<std::byte> read(less);
    window.read(0, read);
    CHECK(std::ranges::equal(read, Bytes(data).subspan(begin, less)));
    begin += less;
    window.drop(less, end - begin);
    CHECK_LE((1 << 20) - budget.left(), (end - begin) + 2 * ByteWindow::kChunk);
  }
  window.drop(end - begin, 0);
  CHECK_EQ(budget.left(), 1 << 20);
}

TEST_CASE("a budget that is used up refuses") {
  MemoryBudget budget(2 * ByteWindow::kChunk);
  ByteWindow window(budget, 64 << 10);
  CHECK_EQ(window.write(0, random_bytes(2 * ByteWindow::kChunk - 1, 1)), 2 * ByteWindow::kChunk - 1);
  CHECK_EQ(window.write(2 * ByteWindow::kChunk - 1, random_bytes(9, 1)), 1);
  window.clear();
  CHECK_EQ(window.write(0, random_bytes(1, 1)), 1);
}

TEST_CASE("cube roots are rounded down") {
  for (const std::uint64_t root : {0U, 1U, 2U, 10U, 999U, 1'000'000U}) {
    CHECK_EQ(cube_root(root * root * root), root);
    CHECK_EQ(cube_root(root * root * root + 1), root == 0 ? 1 : root);
  }
}

TEST_CASE("CUBIC comes back to its window of before after K, and NewReno by a segment each round trip") {
  Congestion cubic;
  cubic.start(CongestionAlgorithm::cubic, 1000);
  std::uint64_t now = 1000;
  while (cubic.window() < 200'000) cubic.acknowledged(2000, now, 100);
  const std::uint32_t before = cubic.window();
  cubic.lost(before);
  CHECK_EQ(cubic.window(), before / 10 * 7);
  // K = cbrt(W_max (1 - 0.7) / 0.4) = cbrt(150) s = 5.3 s
  const auto run = [&](std::uint64_t until) {
    for (; now < until; now += 100)
      for (std::uint32_t sent = 0; sent < cubic.window(); sent += 2000) cubic.acknowledged(2000, now, 100);
  };
  run(1000 + 2600);
  CHECK_LT(cubic.window(), before);
  CHECK_GT(cubic.window(), before / 20 * 17);
  run(1000 + 5300);
  CHECK_LE(cubic.window(), before + before / 50);
  CHECK_GE(cubic.window(), before - before / 25);
  run(1000 + 9000);
  CHECK_GT(cubic.window(), before + before / 20);

  Congestion reno;
  reno.start(CongestionAlgorithm::new_reno, 1000);
  reno.lost(100'000);
  CHECK_EQ(reno.window(), 50'000);
  for (int i = 0; i < 25; ++i) reno.acknowledged(2000, 0, 100);
  CHECK_GE(reno.window(), 50'980);
  CHECK_LE(reno.window(), 51'020);
  reno.timed_out(50'000);
  CHECK_EQ(reno.window(), 1000);
  CHECK_EQ(reno.threshold(), 25'000);
}

TEST_CASE("options are read, and what ends badly is refused") {
  const Ipv4Address address{{10, 0, 0, 1}};
  const auto parse = [&](std::initializer_list<std::uint8_t> options) {
    std::vector<std::byte> segment(sizeof(TcpHeader));
    for (const auto byte : options) segment.push_back(std::byte{byte});
    auto& header = *header_of<TcpHeader>(MutableBytes(segment));
    header = {.words = static_cast<std::uint8_t>(segment.size() / 4 << 4)};
    Checksum sum;
    sum.add_pseudo_header(address, address, Protocol::tcp, segment.size());
    sum.add(segment);
    header.checksum = sum.value();
    return parse_tcp(address, address, segment).transform([](const TcpSegment& parsed) {
      TcpSegment copy = parsed;
      copy.payload = {};
      return copy;
    });
  };
  const auto syn = parse({2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 20});
  REQUIRE(syn.has_value());
  CHECK_EQ(syn->maximum_segment_size, 1460);
  CHECK(syn->sack_permitted);
  CHECK_EQ(syn->timestamps->value, 1);
  CHECK_EQ(syn->timestamps->echo, 2);
  CHECK_EQ(syn->window_scale, kMostWindowScale);
  const auto sack = parse({1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9});
  REQUIRE(sack.has_value());
  CHECK_EQ(sack->sack_count, 1);
  CHECK_EQ(sack->sack[0].end, Sequence{9});
  CHECK(parse({2, 3, 5, 0}).has_value());  // of a wrong length: passed over
  CHECK_FALSE(parse({2, 3, 5, 0})->maximum_segment_size);
  CHECK_EQ(parse({2, 1, 0, 0}).error(), Drop::bad_option);
  CHECK_EQ(parse({1, 1, 1, 8}).error(), Drop::bad_option);
  CHECK_EQ(parse({8, 10, 0, 0}).error(), Drop::bad_option);
  CHECK(parse({0, 8, 10, 0}).has_value());
}

}  // namespace
}  // namespace toro::inet
