// What holds of every discovery, whatever the tables say.
#pragma once

#include <cstdlib>

#include "kernel/firmware/processors.hpp"

namespace toro::firmware::test {

/// Aborts unless the calling core is first and enabled, and every other id stands once.
inline void require_sound(const Discovery& discovery, std::uint32_t calling_apic_id) {
  const auto processors = discovery.processors();
  if (processors.empty() || processors.size() > kMaxProcessors) std::abort();
  if (processors[0].apic_id != calling_apic_id || !processors[0].enabled) std::abort();
  for (const Processor& processor : processors) {
    for (const Processor& other : processors) {
      if (&processor != &other && processor.apic_id == other.apic_id) std::abort();
    }
  }
  const bool alone = discovery.source == ProcessorSource::calling_core;
  if (alone && (processors.size() != 1 || discovery.omitted != 0)) std::abort();
  if (alone != (discovery.madt_refusal && discovery.mp_table_refusal)) std::abort();
  if (discovery.omitted != 0 && processors.size() != kMaxProcessors) std::abort();
}

}  // namespace toro::firmware::test
