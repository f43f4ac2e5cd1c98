// Memory that is used while nobody needs it.
#pragma once

namespace toro::memory {

/// `give_back` is called on this core, within an allocation, when there are no pages for its heap: it frees some blocks
/// of that heap and tells whether there were any. It must not allocate. Once for each core; any thread.
void on_shortage(bool (*give_back)());

}  // namespace toro::memory
