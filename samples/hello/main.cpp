// Says hello, and from where.
#include <cstdio>

#include <toro/board.hpp>
#include <toro/core.hpp>

int main() {
  std::printf("Hello from Toro: core %u of board %s\n", toro::this_core(), toro_board_name);
  return 0;
}
