// POSIX regular expressions as musl lays them out, for C++: glibc's regmatch_t is half as long, and regexec would write
// past the caller's array. [POSIX.1-2017 regex.h]
#pragma once

#include <stddef.h>

typedef long regoff_t;

typedef struct {
  size_t re_nsub;
  void* reserved_pointers[5];
  size_t reserved_size;
  char reserved_flag;
} regex_t;

typedef struct {
  regoff_t rm_so, rm_eo;
} regmatch_t;

enum { REG_EXTENDED = 1, REG_ICASE = 2, REG_NEWLINE = 4, REG_NOSUB = 8 };
enum { REG_NOTBOL = 1, REG_NOTEOL = 2 };
enum {
  REG_ENOSYS = -1,
  REG_NOMATCH = 1,
  REG_BADPAT,
  REG_ECOLLATE,
  REG_ECTYPE,
  REG_EESCAPE,
  REG_ESUBREG,
  REG_EBRACK,
  REG_EPAREN,
  REG_EBRACE,
  REG_BADBR,
  REG_ERANGE,
  REG_ESPACE,
  REG_BADRPT
};

#ifdef __cplusplus
extern "C" {
#endif
int regcomp(regex_t* expression, const char* pattern, int flags);
int regexec(const regex_t* expression, const char* text, size_t count, regmatch_t* matches, int flags);
void regfree(regex_t* expression);
size_t regerror(int error, const regex_t* expression, char* text, size_t size);
#ifdef __cplusplus
}
#endif
