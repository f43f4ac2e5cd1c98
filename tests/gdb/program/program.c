// Stands for a test's program in C.
int main(void) {
  return 0;
}
