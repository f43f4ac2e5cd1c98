// The console on COM1, driven by its interrupt.
#pragma once

namespace toro::serial {

/// Makes COM1 the console, where it is; else the console stays what it was. At boot.
void start_console();

}  // namespace toro::serial
