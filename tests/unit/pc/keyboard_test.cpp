// Scan codes as keys, and keys as characters.
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "kernel/devices/keyboard/layout.hpp"
#include "kernel/devices/keyboard/scan_codes.hpp"

using namespace toro::keyboard;

namespace {

std::vector<KeyChange> decode(ScanCodeSet set, std::initializer_list<std::uint8_t> bytes) {
  ScanCodeDecoder decoder(set);
  std::vector<KeyChange> changes;
  for (const std::uint8_t byte : bytes)
    if (const auto change = decoder.take(byte)) changes.push_back(*change);
  return changes;
}

std::string type(const std::vector<KeyChange>& changes) {
  KeyboardState state;
  std::string text;
  for (const KeyChange& change : changes)
    if (const Event event = state.apply(change); event.character != 0) text += event.character;
  return text;
}

using Changes = std::vector<KeyChange>;

}  // namespace

TEST_CASE("scan codes: both sets tell the same keys") {
  const Changes wanted{{Key::a, true},
                       {Key::a, false},
                       {Key::right_control, true},
                       {Key::right_control, false},
                       {Key::left, true},
                       {Key::f12, true},
                       {Key::keypad_enter, true},
                       {Key::keypad5, true},
                       {Key::print_screen, true},
                       {Key::left_meta, true}};
  CHECK(decode(ScanCodeSet::one, {0x1e, 0x9e, 0xe0, 0x1d, 0xe0, 0x9d, 0xe0, 0x4b, 0x58, 0xe0, 0x1c, 0x4c, 0xe0, 0x2a,
                                  0xe0, 0x37, 0xe0, 0x5b}) == wanted);
  CHECK(decode(ScanCodeSet::two, {0x1c, 0xf0, 0x1c, 0xe0, 0x14, 0xe0, 0xf0, 0x14, 0xe0, 0x6b,
                                  0x07, 0xe0, 0x5a, 0x73, 0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0x1f}) == wanted);
}

TEST_CASE("scan codes: the pause key is one key, and has no end") {
  const Changes wanted{{Key::pause, true}, {Key::a, true}};
  CHECK(decode(ScanCodeSet::one, {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x1e}) == wanted);
  CHECK(decode(ScanCodeSet::two, {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77, 0x1c}) == wanted);
}

TEST_CASE("scan codes: whatever comes, every key is one that there is") {
  for (const ScanCodeSet set : {ScanCodeSet::one, ScanCodeSet::two}) {
    ScanCodeDecoder decoder(set);
    std::uint32_t random = 1;
    for (int i = 0; i < 100'000; ++i) {
      random = random * 1664525 + 1013904223;
      const auto change = decoder.take(static_cast<std::uint8_t>(random >> 24));
      if (change) REQUIRE(change->key != Key::none);
    }
  }
  CHECK(decode(ScanCodeSet::one, {0xfa, 0xaa, 0xff}) == Changes{{Key::left_shift, false}});
  CHECK(decode(ScanCodeSet::two, {0xfa, 0xaa, 0xff, 0x00}) == Changes{});
}

TEST_CASE("layout: letters, digits and what shift, control, alt and caps lock make of them") {
  const auto press = [](Key key) { return KeyChange{key, true}; };
  const auto release = [](Key key) { return KeyChange{key, false}; };
  CHECK(type({press(Key::h), release(Key::h), press(Key::digit1), press(Key::slash), press(Key::enter)}) == "h1/\n");
  CHECK(type({press(Key::left_shift), press(Key::h), press(Key::digit1), press(Key::slash), release(Key::left_shift),
              press(Key::h)}) == "H!?h");
  CHECK(type({press(Key::right_control), press(Key::d), release(Key::right_control), press(Key::d)}) ==
        "\x04"
        "d");
  CHECK(type({press(Key::left_alt), press(Key::d), release(Key::left_alt), press(Key::d)}) == "d");
  CHECK(type({press(Key::caps_lock), press(Key::caps_lock), release(Key::caps_lock), press(Key::a), press(Key::digit2),
              press(Key::left_shift), press(Key::a)}) == "A2a");
  CHECK(type({press(Key::keypad7), press(Key::keypad_decimal), press(Key::less), press(Key::f1)}) == "7.<");
}

TEST_CASE("layout: one shift held is shift, whichever of two was released") {
  KeyboardState state;
  static_cast<void>(state.apply({Key::left_shift, true}));
  static_cast<void>(state.apply({Key::right_shift, true}));
  static_cast<void>(state.apply({Key::left_shift, false}));
  CHECK(state.apply({Key::a, true}).modifiers.shift);
  static_cast<void>(state.apply({Key::right_shift, false}));
  CHECK_FALSE(state.apply({Key::a, true}).modifiers.shift);
}

TEST_CASE("layout: every key and modifier gives ASCII or nothing") {
  for (unsigned key = 0; key < 256; ++key)
    for (unsigned bits = 0; bits < 16; ++bits) {
      const Modifiers modifiers{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
      REQUIRE(static_cast<unsigned char>(character_of(static_cast<Key>(key), modifiers)) < 0x80);
    }
}
