/* MPI for C: the subset of toro/mpi.hpp, by the standard's names. [MPI 4.1] */
#ifndef TORO_MPI_H
#define TORO_MPI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All ranks; there are no others. */
typedef enum { MPI_COMM_WORLD = 1 } MPI_Comm;

typedef enum {
  MPI_CHAR = 1,
  MPI_BYTE,
  MPI_INT,
  MPI_UNSIGNED,
  MPI_LONG,
  MPI_UNSIGNED_LONG,
  MPI_LONG_LONG,
  MPI_FLOAT,
  MPI_DOUBLE
} MPI_Datatype;

/* The bitwise ones are for integers. [MPI 4.1 6.9.2] */
typedef enum { MPI_MAX = 1, MPI_MIN, MPI_SUM, MPI_PROD, MPI_LAND, MPI_BAND, MPI_LOR, MPI_BOR, MPI_BXOR } MPI_Op;

enum {
  MPI_SUCCESS = 0,
  MPI_ERR_BUFFER = 1,
  MPI_ERR_COUNT = 2,
  MPI_ERR_TYPE = 3,
  MPI_ERR_TAG = 4,
  MPI_ERR_COMM = 5, /* the caller is no rank */
  MPI_ERR_RANK = 6,
  MPI_ERR_ROOT = 8,
  MPI_ERR_OP = 10,
  MPI_ERR_TRUNCATE = 15,
  MPI_ERR_NO_MEM = 34,
  MPI_ERR_PROC_FAILED = 75, /* the rank that is waited for has ended */
  MPI_ANY_SOURCE = -1,
  MPI_ANY_TAG = -1
};

typedef struct {
  int MPI_SOURCE;
  int MPI_TAG;
  size_t size; /* bytes */
} MPI_Status;
#define MPI_STATUS_IGNORE ((MPI_Status*)0)

/* Calls `program` once on every core, each time as a rank; returns when all have: the first result that is not 0, or
   -1 when memory is out. Threads only. */
int toro_mpi_run(int (*program)(void));

int MPI_Comm_rank(MPI_Comm comm, int* rank);
int MPI_Comm_size(MPI_Comm comm, int* size);
int MPI_Send(const void* buffer, int count, MPI_Datatype type, int destination, int tag, MPI_Comm comm);
int MPI_Recv(void* buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status* status);
int MPI_Get_count(const MPI_Status* status, MPI_Datatype type, int* count);
int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm comm);
int MPI_Reduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm);
int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm);
/* `send_count` and `receive_count` are what goes to, and comes from, each rank. */
int MPI_Scatter(const void* from, int send_count, MPI_Datatype send_type, void* to, int receive_count,
                MPI_Datatype receive_type, int root, MPI_Comm comm);
int MPI_Gather(const void* from, int send_count, MPI_Datatype send_type, void* to, int receive_count,
               MPI_Datatype receive_type, int root, MPI_Comm comm);
int MPI_Barrier(MPI_Comm comm);
double MPI_Wtime(void);

#ifdef __cplusplus
}
#endif
#endif
