// What cores keep of the page tables: made to forget, on all of them, before a right that was taken away is relied on.
// [SDM 3A 4.10.5]
#pragma once

namespace toro::arch::tlb {

/// The calling core takes part from here on: its interrupts must come to be on, and dispatch_interrupt() must reach
/// acknowledge().
void join();
/// It takes no part until it joins again, and nobody waits for it: it stands, and uses none of what may change. Whether
/// it did take part. Any context.
[[nodiscard]] bool leave();

/// Returns when every other core that takes part has forgotten what it had of the tables. One caller at a time, who
/// holds the lock of the tables; a core that waits for any SpinLock meanwhile acknowledges by itself.
void invalidate_elsewhere();

/// Forgets, where another core waits for this one to. Any context.
void acknowledge();

}  // namespace toro::arch::tlb
