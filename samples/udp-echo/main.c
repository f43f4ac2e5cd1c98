// Sends every datagram back to where it came from: udp-echo [PORT [COUNT]]. Ends after COUNT of them.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int port = argc > 1 ? atoi(argv[1]) : 7;
  long left = argc > 2 ? atol(argv[2]) : -1;
  const int number = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (number < 0 || bind(number, (struct sockaddr*)&address, sizeof address) != 0) return perror("udp-echo"), 1;
  printf("echo at UDP port %d\n", port);
  static char datagram[65536];
  for (; left != 0; left -= left > 0) {
    socklen_t size = sizeof address;
    const ssize_t length = recvfrom(number, datagram, sizeof datagram, 0, (struct sockaddr*)&address, &size);
    if (length < 0 || sendto(number, datagram, (size_t)length, 0, (struct sockaddr*)&address, size) != length)
      perror("udp-echo");
  }
  close(number);
  return 0;
}
