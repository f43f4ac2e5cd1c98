// Blocks that are kept in memory make room when a core has none left.
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/filesystem/block_cache.hpp"
#include "kernel/memory/shortage.hpp"

namespace toro::filesystem {
namespace {

constexpr std::size_t kAtOnce = 64;

struct Offers {
  BlockCache* first;
  bool known;
};
TORO_PER_CORE(Offers, offers);

bool give_back() {
  for (BlockCache* cache = offers->first; cache != nullptr; cache = cache->next_offer)
    if (cache->give_back(kAtOnce) != 0) return true;
  return false;
}

}  // namespace

void offer_memory_of(BlockCache& cache) {
  if (!std::exchange(offers->known, true)) memory::on_shortage(give_back);
  cache.next_offer = offers->first;
  offers->first = &cache;
}

void withdraw_memory_of(BlockCache& cache) {
  BlockCache** link = &offers->first;
  while (*link != &cache) link = &(*link)->next_offer;
  *link = cache.next_offer;
}

}  // namespace toro::filesystem
