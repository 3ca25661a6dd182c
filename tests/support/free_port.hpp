// SPDX-License-Identifier: Apache-2.0
#pragma once
// A port of the loopback interface that nobody listens on.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace mao_test {

inline int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = socket >= 0 && ::bind(socket, any, size) == 0 && ::getsockname(socket, any, &size) == 0;
  if (socket >= 0) ::close(socket);
  if (!bound) throw std::runtime_error("no port of the loopback interface can be bound");
  return ntohs(address.sin_port);
}

}  // namespace mao_test
