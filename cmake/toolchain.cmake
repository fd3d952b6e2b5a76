# Compiler, flags and libraries for the whole tree.

option(RONDO_FUZZ "Build the fuzz targets (clang)" OFF)
set(RONDO_SANITIZE "" CACHE STRING "Sanitizers, comma separated")

find_program(CCACHE ccache)
if(CCACHE)
  # Results are shared between build folders and checkouts.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# The engine's results are equal to the bit between machines: one instruction set level for the
# whole tree, no contraction of a*b+c, no fast-math.
add_compile_options(-march=x86-64-v3 -mtune=generic -ffp-contract=off -fno-fast-math)
# GCC 12 takes the inlined allocation of coroutine frames in Asio for a mismatch.
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror -Wno-missing-field-initializers -Wno-mismatched-new-delete
                    -fno-omit-frame-pointer -fstack-protector-strong)
# Assertions stay on in release (habit 3): RD_ASSERT does not look at NDEBUG.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ALLOW_DEPRECATED_HEADERS SPDLOG_FMT_EXTERNAL
                        SPDLOG_SHARED_LIB SPDLOG_COMPILED_LIB)

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
if(RONDO_SANITIZE)
  # Debian's SOCI hides the type information that vptr checks need.
  add_compile_options(-fsanitize=${RONDO_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RONDO_SANITIZE})
endif()
if(RONDO_FUZZ)
  # Coverage in every module, so that the fuzzer sees where its inputs lead.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(RocksDB REQUIRED)
# SOCI ships no CMake package in Debian: soci_core and soci_sqlite3 are linked by name.
find_package(spdlog REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(hwy REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# What the programs that serve or are timed take memory from (decision 0004). Sanitizers have theirs.
add_library(rondo_allocator INTERFACE)
if(NOT RONDO_SANITIZE)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(rondo_allocator INTERFACE PkgConfig::JEMALLOC)
endif()
include(GoogleTest)
