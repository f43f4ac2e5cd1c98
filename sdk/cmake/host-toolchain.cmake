# The host's compiler: the same clang and libc++ as the guest's, so that one dialect is tested everywhere.
include(${CMAKE_CURRENT_LIST_DIR}/find-llvm.cmake)
set(CMAKE_C_COMPILER ${TORO_CLANG})
set(CMAKE_CXX_COMPILER ${TORO_CLANGXX})
set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=${TORO_LLD})
