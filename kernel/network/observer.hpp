// Who is told when something changes for a socket.
#pragma once

namespace toro::inet {

class Observer {
 public:
  /// There may be something to read, room to write, a connection, or an error. The socket stays while this runs.
  virtual void changed() = 0;

 protected:
  ~Observer() = default;
};

}  // namespace toro::inet
