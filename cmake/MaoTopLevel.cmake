# Habits of mao's own build that a project which includes it must not inherit.

# Programs and examples in one place: build/<preset>/bin.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

# Installed programs find LibTorch where it was linked. CMake alone would leave out a folder inside the project, as .venv is.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
if(TARGET LibTorch::cpu)
  get_target_property(mao_libtorch LibTorch::cpu IMPORTED_LOCATION)
  get_filename_component(CMAKE_INSTALL_RPATH "${mao_libtorch}" DIRECTORY)
endif()

# ccache where there is one; -DCMAKE_CXX_COMPILER_LAUNCHER= switches it off. Paths are hashed relative to this folder, so a second
# clone finds what the first one compiled. That holds only while no -D has an absolute path. Comments count: precompiled headers
# remember the size of each header, so those of another clone do not serve where a comment differs.
find_program(MAO_CCACHE ccache)
mark_as_advanced(MAO_CCACHE)
if(MAO_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true
    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_COMMENTS=true ${MAO_CCACHE})
endif()

# GCC collects garbage while it compiles, a tenth of its time and more. Most sources stay below 1 GiB (the number is in KiB) and are done before.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:--param=ggc-min-heapsize=1048576>)
endif()

# Colours in compiler messages also through Ninja.
set(CMAKE_COLOR_DIAGNOSTICS ON)
