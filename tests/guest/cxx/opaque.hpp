// Calls that the compiler cannot see through.
#pragma once

int divide(int a, int b);
int load(const volatile int* address);

template <class T>
T opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}
