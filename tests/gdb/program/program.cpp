// Stands for a test's program in C++.
int main() {}
