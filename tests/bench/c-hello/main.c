// Hello in plain C: what the smallest application weighs.
#include <stdio.h>

int main(void) {
  printf("Hello from Toro\n");
  return 0;
}
