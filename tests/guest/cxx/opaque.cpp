// Calls that the compiler cannot see through: a file of their own, no link-time optimisation.
#include "opaque.hpp"

int divide(int a, int b) {
  return a / b;
}
int load(const volatile int* address) {
  return *address;
}
