// Built without columns: each of these lines is one range of instructions to a debugger.
extern "C" {

int count_to(int limit) {
  int sum = 0;
  for (int i = 0; i < limit; ++i) sum += i;  // line: one line of many instructions
  return sum;                                // line: after the loop
}

int calculate(int a) {
  int b = a * 3 + 7 - a / 2;  // line: first of three
  int c = b * b + a * a - b / 3;
  int d = (c ^ b ^ a) + (c & b & a) - (c | b | a);
  return b + c + d;  // line: behind the three
}

}  // extern "C"
