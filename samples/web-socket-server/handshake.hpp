// How a connection of HTTP becomes one of WebSocket. [RFC 6455 4.2.2]
#pragma once

#include <string>
#include <string_view>

/// What the server proves by that it has understood the client's Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);
