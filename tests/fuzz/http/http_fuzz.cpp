// Any bytes as a head of HTTP: nothing outside is touched, and no path leads out of the root.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <toro/http.hpp>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string received(reinterpret_cast<const char*>(data), size);
  if (const auto head = toro::http::take_head(received)) require(head->size() + 4 + received.size() == size);
  const auto request = toro::http::parse({reinterpret_cast<const char*>(data), size});
  if (!request) return 0;
  require(request->path.starts_with('/') && request->path.find('\0') == std::string::npos);
  require((request->path + "/").find("/../") == std::string::npos);
  if (request->range && request->range->first && request->range->last)
    require(*request->range->first <= *request->range->last);
  return 0;
}
