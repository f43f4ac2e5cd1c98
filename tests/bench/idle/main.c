// Says that it idles, then waits: for nothing but time, or with the argument "input" for a line on the console.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  puts("idle");
  if (argc > 1 && strcmp(argv[1], "input") == 0) return getchar() == EOF;
  sleep(60);
  return 0;
}
