// The threads that do what other cores ask of a core. They are the C library's, so that work may use all of it.
#include <pthread.h>
#include <toro/core.hpp>
#include <toro/detail/thread.hpp>
#include <toro/detail/work.hpp>

#include <cstdio>
#include <cstdlib>

namespace toro::detail {
namespace {

constexpr std::uint32_t kMaxCores = 64;
constexpr int kMostSpare = 2;

/// Workers of a core, beside one, that wait for work or are about to: the one is there from the first work on. Each
/// is changed by its core only.
struct alignas(64) Spare {
  int workers = 0;
};
Spare spare[kMaxCores];

void create_worker(std::uint32_t core);

/// While one works, another one waits or is about to: what the work waits for can always be done.
void* serve(void*) {
  int& spare_here = spare[this_core()].workers;
  for (;;) {
    Work& work = next_work();
    if (spare_here == 0)
      create_worker(this_core());
    else
      --spare_here;
    work.run(work);
    if (spare_here + 1 == kMostSpare) return nullptr;
    ++spare_here;
  }
}

void create_worker(std::uint32_t core) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  NextThread next{.core = core};
  const CreateAs as(next);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, serve, nullptr);
  if (error != 0) {
    std::fprintf(stderr, "toro: no thread for the work of core %u: error %d\n", core, error);
    std::abort();
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace

void submit(std::uint32_t core, Work& work) {
  if (core >= cores()) {
    std::fprintf(stderr, "toro: work for core %u was given, but the machine has %u\n", core, cores());
    std::abort();
  }
  if (claim_first_worker(core)) create_worker(core);
  give_work(core, work);
}

}  // namespace toro::detail
