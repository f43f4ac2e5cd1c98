// Core 0 sends a text to all cores, and each says what it got, in turn.
#include <stdio.h>
#include <string.h>
#include <toro/mpi.h>

static int program(void) {
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  char text[32] = "";
  if (rank == 0) strcpy(text, "the word from core 0");
  if (MPI_Bcast(text, sizeof text, MPI_CHAR, 0, MPI_COMM_WORLD) != MPI_SUCCESS) return 1;
  int turn = 0;  // goes from core to core
  if (rank != 0) MPI_Recv(&turn, 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  printf("core %d got \"%s\"\n", rank, text);
  fflush(stdout);
  if (rank + 1 < size) MPI_Send(&turn, 1, MPI_INT, rank + 1, 0, MPI_COMM_WORLD);
  return 0;
}

int main(void) {
  return toro_mpi_run(program);
}
