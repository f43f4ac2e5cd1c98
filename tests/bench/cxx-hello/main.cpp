// Hello with an iostream: what C++ with exceptions, locales and streams weighs.
#include <iostream>

int main() {
  std::cout << "Hello from Toro\n";
  return 0;
}
