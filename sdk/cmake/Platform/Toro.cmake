# What CMake must know of the system "Toro": static ELF images, linked by lld with the SDK's linker script.
get_filename_component(TORO_SDK_DIR ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
set(CMAKE_EXECUTABLE_SUFFIX .elf)
set(CMAKE_STATIC_LIBRARY_PREFIX lib)
set(CMAKE_STATIC_LIBRARY_SUFFIX .a)
set(CMAKE_FIND_LIBRARY_PREFIXES lib)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)

# C sees musl's headers (strerror_r has the C++ library's meaning, POSIX's is __xpg_strerror_r). C++ sees glibc's, as Debian's libc++.a was built against them; musl is compatible in layout.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-resource-dir OUTPUT_VARIABLE toro_resource_dir
  OUTPUT_STRIP_TRAILING_WHITESPACE)
set(toro_flags "-fpie -fdirect-access-external-data -mcmodel=small -ftls-model=local-exec -ffunction-sections -fdata-sections \
-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -fasynchronous-unwind-tables -fstack-protector-strong \
-ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE")
# In the rules, not in the cache: a build folder that exists has them too when they change.
set(toro_c_flags "${toro_flags} -nostdinc -isystem ${toro_resource_dir}/include -isystem /usr/include/x86_64-linux-musl -isystem ${TORO_SDK_DIR}/sdk/toolchain/include -Dstrerror_r=__xpg_strerror_r")
set(toro_cxx_flags "${toro_flags} -stdlib=libc++ -isystem ${TORO_SDK_DIR}/sdk/toolchain/include")
set(CMAKE_C_COMPILE_OBJECT "<CMAKE_C_COMPILER> ${toro_c_flags} <DEFINES> <INCLUDES> <FLAGS> -o <OBJECT> -c <SOURCE>")
set(CMAKE_CXX_COMPILE_OBJECT "<CMAKE_CXX_COMPILER> ${toro_cxx_flags} <DEFINES> <INCLUDES> <FLAGS> -o <OBJECT> -c <SOURCE>")
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_DEBUG_INIT "-O0 -g")
  set(CMAKE_${language}_FLAGS_RELEASE_INIT "-Os -g -DNDEBUG")
endforeach()
string(APPEND CMAKE_CXX_FLAGS_RELEASE_INIT " -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST")
string(APPEND CMAKE_CXX_FLAGS_DEBUG_INIT " -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE")

set(toro_musl /usr/lib/x86_64-linux-musl)
find_library(TORO_LIBCXX libc++.a PATHS /usr/lib/llvm-${TORO_LLVM_VERSION}/lib /usr/lib/x86_64-linux-gnu REQUIRED NO_DEFAULT_PATH)
cmake_path(GET TORO_LIBCXX PARENT_PATH toro_libcxx_dir)
execute_process(COMMAND ${CMAKE_C_COMPILER} --rtlib=compiler-rt -print-libgcc-file-name OUTPUT_VARIABLE toro_builtins
  OUTPUT_STRIP_TRAILING_WHITESPACE)
# Inlining across files goes by size: at its own measure the linker makes a C hello 20 KB larger.
# -m: else the OS/ABI of an object with a section to be retained (GNU) would be the image's, which LLDB takes for another system's.
foreach(language C CXX ASM)
  set(CMAKE_${language}_LINK_EXECUTABLE
    "${CMAKE_LINKER} -m elf_x86_64 -static -pie --no-dynamic-linker -z norelro --pack-dyn-relocs=relr --no-dependent-libraries -O2 --gc-sections --eh-frame-hdr -z max-page-size=64 \
-z noexecstack --build-id=none --wrap=exit -mllvm -inline-threshold=15 -T ${TORO_SDK_DIR}/sdk/toolchain/toro.ld <LINK_FLAGS> -o <TARGET> \
${toro_musl}/crt1.o ${toro_musl}/crti.o <OBJECTS> --start-group <LINK_LIBRARIES> \
${toro_libcxx_dir}/libc++.a ${toro_libcxx_dir}/libc++abi.a ${toro_libcxx_dir}/libunwind.a ${toro_musl}/libc.a \
${toro_builtins} --end-group ${toro_musl}/crtn.o")
endforeach()
