// Where main's thread begins.
#pragma once

namespace toro::posix {

/// What main's thread runs first. Who has it run something else before the application stage goes on there, with the
/// registers that a call keeps.
extern constinit void (*first_of_main)();

}  // namespace toro::posix
