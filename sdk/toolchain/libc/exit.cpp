// exit() first ends the thread_local objects of the thread that calls it, then everything static. [C++
// basic.start.term]
extern "C" {

[[gnu::weak]] void toro_end_thread_local_objects();

[[noreturn]] void __real_exit(int status);

[[noreturn]] void __wrap_exit(int status) {
  if (toro_end_thread_local_objects != nullptr) toro_end_thread_local_objects();
  __real_exit(status);
}
}
