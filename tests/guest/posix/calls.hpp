// System calls as the kernel gives them: by number, the result with its error as a negative number.
#pragma once

template <class... Arguments>
long call(long number, Arguments... arguments) {
  const long values[6] = {(long)arguments...};
  register long r10 asm("r10") = values[3];
  register long r8 asm("r8") = values[4];
  register long r9 asm("r9") = values[5];
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(values[0]), "S"(values[1]), "d"(values[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
