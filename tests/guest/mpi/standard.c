// A program in C, by the standard's names.
#include <toro/mpi.h>

int standard_program(void);

#define EXPECT(condition) \
  if (!(condition)) return __LINE__

int standard_program(void) {
  int rank = -1;
  int size = -1;
  EXPECT(MPI_Comm_rank(MPI_COMM_WORLD, &rank) == MPI_SUCCESS && MPI_Comm_size(MPI_COMM_WORLD, &size) == MPI_SUCCESS);
  const double began = MPI_Wtime();
  int number = rank == 0 ? 42 : 0;
  EXPECT(MPI_Bcast(&number, 1, MPI_INT, 0, MPI_COMM_WORLD) == MPI_SUCCESS && number == 42);
  int sum = 0;
  EXPECT(MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD) == MPI_SUCCESS);
  EXPECT(rank != 0 || sum == size * (size - 1) / 2);
  const unsigned bit = 1U << (rank % 8);
  unsigned bits = 0;
  EXPECT(MPI_Allreduce(&bit, &bits, 1, MPI_UNSIGNED, MPI_BOR, MPI_COMM_WORLD) == MPI_SUCCESS);
  EXPECT(bits == (size >= 8 ? 255U : (1U << size) - 1));
  double all[64];
  double mine[2] = {0, 0};
  for (int i = 0; i < 2 * size && i < 64; ++i) all[i] = i * 0.5;
  EXPECT(MPI_Scatter(all, 2, MPI_DOUBLE, mine, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD) == MPI_SUCCESS &&
         mine[1] == rank + 0.5);
  mine[0] = -rank;
  EXPECT(MPI_Gather(mine, 1, MPI_DOUBLE, all, 1, MPI_DOUBLE, size - 1, MPI_COMM_WORLD) == MPI_SUCCESS);
  EXPECT(rank != size - 1 || all[rank] == -rank);
  const char text[] = "message";
  EXPECT(MPI_Send(text, sizeof text, MPI_CHAR, rank, 3, MPI_COMM_WORLD) == MPI_SUCCESS);
  char room[16];
  MPI_Status status;
  int count = 0;
  EXPECT(MPI_Recv(room, sizeof room, MPI_CHAR, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status) == MPI_SUCCESS);
  EXPECT(status.MPI_SOURCE == rank && status.MPI_TAG == 3);
  EXPECT(MPI_Get_count(&status, MPI_CHAR, &count) == MPI_SUCCESS && count == (int)sizeof text);
  EXPECT(MPI_Send(text, -1, MPI_CHAR, rank, 3, MPI_COMM_WORLD) == MPI_ERR_COUNT);
  EXPECT(MPI_Send(text, 1, (MPI_Datatype)99, rank, 3, MPI_COMM_WORLD) == MPI_ERR_TYPE);
  EXPECT(MPI_Send(text, 1, MPI_CHAR, rank, 3, (MPI_Comm)0) == MPI_ERR_COMM);
  EXPECT(MPI_Send(0, 1, MPI_CHAR, rank, 3, MPI_COMM_WORLD) == MPI_ERR_BUFFER);
  EXPECT(MPI_Reduce(mine, all, 1, MPI_DOUBLE, MPI_BXOR, 0, MPI_COMM_WORLD) == MPI_ERR_OP);
  EXPECT(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS);
  EXPECT(MPI_Wtime() >= began);
  return 0;
}
