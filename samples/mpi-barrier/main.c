// All cores come to a barrier, each after another time; none leaves it before the last has come.
#include <stdio.h>
#include <toro/mpi.h>
#include <unistd.h>

static int program(void) {
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const double began = MPI_Wtime();
  usleep(10000U * (unsigned)rank);
  if (MPI_Barrier(MPI_COMM_WORLD) != MPI_SUCCESS) return 1;
  const double waited = MPI_Wtime() - began;
  double least;
  if (MPI_Reduce(&waited, &least, 1, MPI_DOUBLE, MPI_MIN, 0, MPI_COMM_WORLD) != MPI_SUCCESS) return 1;
  if (rank == 0)
    printf("%d cores met: %s\n", size, least > 0.009 * (size - 1) ? "the last was waited for" : "too early");
  return 0;
}

int main(void) {
  return toro_mpi_run(program);
}
