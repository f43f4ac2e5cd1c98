#include "gdbstub/target/x86_64/register_table.hpp"

#include <cstddef>
#include <iterator>

#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

using arch::TrapFrame;
using enum RegisterGroup;

constexpr Register general_register(std::string_view name, std::size_t offset, std::string_view type = "int64") {
  return {name, 64, type, general, static_cast<std::uint8_t>(Bank::frame), static_cast<std::uint16_t>(offset)};
}
constexpr Register selector(std::string_view name, Selector which) {
  return {name, 32, "int32", general, static_cast<std::uint8_t>(Bank::selector), static_cast<std::uint16_t>(which)};
}
constexpr Register x87(std::string_view name, std::uint16_t number) {
  return {name, 80, "i387_ext", floating, static_cast<std::uint8_t>(Bank::x87), number};
}
constexpr Register x87_word(std::string_view name, X87Word which) {
  return {name, 32, "int", floating, static_cast<std::uint8_t>(Bank::x87_word), static_cast<std::uint16_t>(which)};
}
constexpr Register sse(std::string_view name, std::uint16_t number) {
  return {name, 128, "vec128", vector, static_cast<std::uint8_t>(Bank::sse), number};
}
constexpr Register base(std::string_view name, SegmentBase which) {
  return {name, 64, "int", general, static_cast<std::uint8_t>(Bank::base), static_cast<std::uint16_t>(which)};
}
constexpr Register control_register(std::string_view name, std::string_view type, Control which) {
  return {name, 64, type, control, static_cast<std::uint8_t>(Bank::control), static_cast<std::uint16_t>(which)};
}

constexpr Register kRegisters[] = {
    // org.gnu.gdb.i386.core
    general_register("rax", offsetof(TrapFrame, rax)),
    general_register("rbx", offsetof(TrapFrame, rbx)),
    general_register("rcx", offsetof(TrapFrame, rcx)),
    general_register("rdx", offsetof(TrapFrame, rdx)),
    general_register("rsi", offsetof(TrapFrame, rsi)),
    general_register("rdi", offsetof(TrapFrame, rdi)),
    general_register("rbp", offsetof(TrapFrame, rbp), "data_ptr"),
    general_register("rsp", offsetof(TrapFrame, rsp), "data_ptr"),
    general_register("r8", offsetof(TrapFrame, r8)),
    general_register("r9", offsetof(TrapFrame, r9)),
    general_register("r10", offsetof(TrapFrame, r10)),
    general_register("r11", offsetof(TrapFrame, r11)),
    general_register("r12", offsetof(TrapFrame, r12)),
    general_register("r13", offsetof(TrapFrame, r13)),
    general_register("r14", offsetof(TrapFrame, r14)),
    general_register("r15", offsetof(TrapFrame, r15)),
    general_register("rip", offsetof(TrapFrame, rip), "code_ptr"),
    {"eflags", 32, "i386_eflags", general, static_cast<std::uint8_t>(Bank::frame), offsetof(TrapFrame, rflags)},
    selector("cs", Selector::cs),
    selector("ss", Selector::ss),
    selector("ds", Selector::ds),
    selector("es", Selector::es),
    selector("fs", Selector::fs),
    selector("gs", Selector::gs),
    x87("st0", 0),
    x87("st1", 1),
    x87("st2", 2),
    x87("st3", 3),
    x87("st4", 4),
    x87("st5", 5),
    x87("st6", 6),
    x87("st7", 7),
    x87_word("fctrl", X87Word::control),
    x87_word("fstat", X87Word::status),
    x87_word("ftag", X87Word::tag),
    x87_word("fiseg", X87Word::code_segment),
    x87_word("fioff", X87Word::code_offset),
    x87_word("foseg", X87Word::data_segment),
    x87_word("fooff", X87Word::data_offset),
    x87_word("fop", X87Word::opcode),
    // org.gnu.gdb.i386.sse
    sse("xmm0", 0),
    sse("xmm1", 1),
    sse("xmm2", 2),
    sse("xmm3", 3),
    sse("xmm4", 4),
    sse("xmm5", 5),
    sse("xmm6", 6),
    sse("xmm7", 7),
    sse("xmm8", 8),
    sse("xmm9", 9),
    sse("xmm10", 10),
    sse("xmm11", 11),
    sse("xmm12", 12),
    sse("xmm13", 13),
    sse("xmm14", 14),
    sse("xmm15", 15),
    {"mxcsr", 32, "i386_mxcsr", vector, static_cast<std::uint8_t>(Bank::mxcsr), 0},
    // org.gnu.gdb.i386.segments
    base("fs_base", SegmentBase::fs),
    base("gs_base", SegmentBase::gs),
    // org.toro.x86.system
    control_register("cr0", "x86_cr0", Control::cr0),
    control_register("cr2", "data_ptr", Control::cr2),
    control_register("cr3", "x86_cr3", Control::cr3),
    control_register("cr4", "x86_cr4", Control::cr4),
    control_register("cr8", "int64", Control::cr8),
    control_register("efer", "x86_efer", Control::efer),
};

constexpr std::size_t find(std::string_view name) {
  std::size_t i = 0;
  while (kRegisters[i].name != name) ++i;
  return i;
}

static_assert(find("rbx") == rbx && find("rbp") == rbp && find("rsp") == rsp && find("r12") == r12 &&
              find("r15") == r15 && find("rip") == rip && find("eflags") == eflags);

/// [SDM 1 3.4.3]
constexpr FlagField kEflagsFields[] = {
    {"CF", 0, 0},   {"", 1, 1},     {"PF", 2, 2},    {"AF", 4, 4},    {"ZF", 6, 6},   {"SF", 7, 7},
    {"TF", 8, 8},   {"IF", 9, 9},   {"DF", 10, 10},  {"OF", 11, 11},  {"NT", 14, 14}, {"RF", 16, 16},
    {"VM", 17, 17}, {"AC", 18, 18}, {"VIF", 19, 19}, {"VIP", 20, 20}, {"ID", 21, 21},
};
/// [SDM 1 10.2.3]
constexpr FlagField kMxcsrFields[] = {
    {"IE", 0, 0}, {"DE", 1, 1}, {"ZE", 2, 2}, {"OE", 3, 3},   {"UE", 4, 4},   {"PE", 5, 5},   {"DAZ", 6, 6},
    {"IM", 7, 7}, {"DM", 8, 8}, {"ZM", 9, 9}, {"OM", 10, 10}, {"UM", 11, 11}, {"PM", 12, 12}, {"FZ", 15, 15},
};
/// [SDM 3A 2.5]
constexpr FlagField kCr0Fields[] = {
    {"PE", 0, 0},   {"MP", 1, 1},   {"EM", 2, 2},   {"TS", 3, 3},   {"ET", 4, 4},   {"NE", 5, 5},
    {"WP", 16, 16}, {"AM", 18, 18}, {"NW", 29, 29}, {"CD", 30, 30}, {"PG", 31, 31},
};
/// [SDM 3A 2.5]
constexpr FlagField kCr3Fields[] = {{"PWT", 3, 3}, {"PCD", 4, 4}, {"PDBR", 12, 51}};
/// [SDM 3A 2.5]
constexpr FlagField kCr4Fields[] = {
    {"VME", 0, 0},          {"PVI", 1, 1},     {"TSD", 2, 2},       {"DE", 3, 3},     {"PSE", 4, 4},
    {"PAE", 5, 5},          {"MCE", 6, 6},     {"PGE", 7, 7},       {"PCE", 8, 8},    {"OSFXSR", 9, 9},
    {"OSXMMEXCPT", 10, 10}, {"UMIP", 11, 11},  {"LA57", 12, 12},    {"VMXE", 13, 13}, {"SMXE", 14, 14},
    {"FSGSBASE", 16, 16},   {"PCIDE", 17, 17}, {"OSXSAVE", 18, 18}, {"SMEP", 20, 20}, {"SMAP", 21, 21},
    {"PKE", 22, 22},        {"CET", 23, 23},
};
/// [SDM 3A 2.2.1]
constexpr FlagField kEferFields[] = {{"SCE", 0, 0}, {"LME", 8, 8}, {"LMA", 10, 10}, {"NXE", 11, 11}};

constexpr FlagsType kCoreFlags[] = {{"i386_eflags", 4, kEflagsFields}};
constexpr FlagsType kSseFlags[] = {{"i386_mxcsr", 4, kMxcsrFields}};
constexpr FlagsType kSystemFlags[] = {
    {"x86_cr0", 8, kCr0Fields}, {"x86_cr3", 8, kCr3Fields}, {"x86_cr4", 8, kCr4Fields}, {"x86_efer", 8, kEferFields}};

constexpr std::string_view kVectorTypes =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
    "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
    "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
    "<field name=\"uint128\" type=\"uint128\"/></union>\n";

constexpr RegisterFeature kFeatures[] = {
    {"org.gnu.gdb.i386.core", "", kCoreFlags, 0, find("xmm0")},
    {"org.gnu.gdb.i386.sse", kVectorTypes, kSseFlags, find("xmm0"), find("fs_base") - find("xmm0")},
    {"org.gnu.gdb.i386.segments", "", {}, find("fs_base"), 2},
    {"org.toro.x86.system", "", kSystemFlags, find("cr0"), std::size(kRegisters) - find("cr0")},
};

// `g` leaves out the control registers: every stop would pay for what is looked at once an hour.
constexpr RegisterSet kRegisterSet = {
    .architecture = "i386:x86-64",
    .registers = kRegisters,
    .features = kFeatures,
    .general_count = find("cr0"),
    .pc = rip,
    .sp = rsp,
    .fp = rbp,
    .flags = eflags,
};

}  // namespace

const RegisterSet& register_set() {
  return kRegisterSet;
}

}  // namespace toro::gdbstub::x86_64
