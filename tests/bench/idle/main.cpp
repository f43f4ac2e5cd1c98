// Says that it idles, with all cores it can get, then waits: for nothing but time, or with the argument "input" for a
// line on the console.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<toro/core.hpp>)
#include <toro/core.hpp>
namespace {
unsigned cores() {
  return toro::cores();
}
}  // namespace
#else
namespace {
unsigned cores() {
  return static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
}
}  // namespace
#endif

int main(int argc, char** argv) {
  printf("idle on %u cores\n", cores());
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "input") == 0) return getchar() == EOF;
  sleep(60);
  return 0;
}
