// `interrupts`: which function each vector calls.
#include "kernel/arch/x86_64/interrupts.hpp"

#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/tables/table.hpp"

namespace toro::tables {
namespace {

using arch::Connection;

constexpr Place kHandler = at(offsetof(Connection, handler), 8);

constexpr Column kColumns[] = {
    {.name = "core", .format = Format::core_number},
    {.name = "vector", .format = Format::row_number, .value = {.offsets = {arch::kFirstInterruptVector}}},
    {.name = "handler", .format = Format::hexadecimal, .value = kHandler},
    {.name = "argument", .format = Format::hexadecimal, .value = at(offsetof(Connection, argument), 8)},
};

constexpr Table kTable{
    .name = "interrupts",
    .title = "Interrupts",
    .about = "Every vector that calls a function",
    .rows = {.each_core = true,
             .stride = sizeof(Connection),
             .base = &arch::connections,
             .count = arch::kInterruptVectors,
             .only_where = kHandler},
    .columns = kColumns,
};
TORO_OBJECT_TABLE(kTable);

}  // namespace
}  // namespace toro::tables
