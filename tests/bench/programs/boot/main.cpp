// The first line of main, for the time from the machine's start to it.
#include <stdio.h>

int main() {
  printf("toro-bench boot 1 0 %llu\n", __builtin_ia32_rdtsc());  // the TSC starts at 0 with the machine
  return 0;
}
