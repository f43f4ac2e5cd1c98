// What is done for sockets at the end of the application.
#pragma once

/// Closes all descriptors of sockets, and waits until the other sides have what was sent, for at most 10 s. Called when
/// main() returns and by exit(), in images in which something refers to it.
extern "C" void toro_finish_sockets();
