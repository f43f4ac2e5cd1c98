// The program in C is run.
#include <doctest/doctest.h>
#include <toro/mpi.h>

extern "C" int standard_program(void);

TEST_CASE("MPI by the standard's names: the line that failed") {
  CHECK_EQ(toro_mpi_run(standard_program), 0);
  CHECK_EQ(toro_mpi_run([] { return 7; }), 7);
}
