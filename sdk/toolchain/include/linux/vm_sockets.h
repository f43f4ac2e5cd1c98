// AF_VSOCK as Linux has it: streams between a virtual machine and its host. Who includes this has them in the image.
// [vsock(7)]
#pragma once

#include <sys/ioctl.h>
#include <sys/socket.h>

#define VMADDR_CID_ANY (-1U)
#define VMADDR_CID_HYPERVISOR 0
#define VMADDR_CID_LOCAL 1
#define VMADDR_CID_HOST 2
#define VMADDR_PORT_ANY (-1U)

// Options of level AF_VSOCK, each a struct timeval.
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD 6
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW 8
#define SO_VM_SOCKETS_CONNECT_TIMEOUT SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD

// Of a socket, into an unsigned int: there is no /dev/vsock.
#define IOCTL_VM_SOCKETS_GET_LOCAL_CID _IO(7, 0xb9)

struct sockaddr_vm {
  sa_family_t svm_family;
  unsigned short svm_reserved1;
  unsigned int svm_port;
  unsigned int svm_cid;
  unsigned char svm_zero[4];
};

#ifdef __cplusplus
extern "C" {
#endif
extern const char toro_vsock;
#ifdef __cplusplus
}
#endif
__attribute__((used)) static const char* const toro_uses_vsock = &toro_vsock;
