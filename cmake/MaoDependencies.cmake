# What mao::mao links to; used by the build tree and, installed beside mao-config.cmake, by find_package(mao).

# CMake package, least version, the Debian package that has it.
set(_mao_packages
  "LibTorch:2.4:scripts/setup"
  "Eigen3:3.4:libeigen3-dev"
  "range-v3::librange-v3-dev"
  "nlohmann_json:3.10:nlohmann-json3-dev"
  "JPEG::libjpeg-dev"
  "PNG::libpng-dev"
  "ZLIB::zlib1g-dev"
  "Utf8proc::libutf8proc-dev"
  "Threads::a C library with threads")

# All that is missing is said at once, each with what brings it.
set(MAO_MISSING_DEPENDENCIES "")
foreach(_mao_package IN LISTS _mao_packages)
  string(REGEX MATCH "^([^:]*):([^:]*):(.*)$" _ "${_mao_package}")
  set(_mao_name "${CMAKE_MATCH_1}")
  set(_mao_version "${CMAKE_MATCH_2}")
  set(_mao_source "${CMAKE_MATCH_3}")
  find_package(${_mao_name} ${_mao_version} QUIET)
  if(NOT ${_mao_name}_FOUND)
    string(APPEND MAO_MISSING_DEPENDENCIES "\n  ${_mao_name} ${_mao_version} (${_mao_source})")
    if(_mao_name STREQUAL "LibTorch")
      string(APPEND MAO_MISSING_DEPENDENCIES "\n${LibTorch_REASON}")
    endif()
  endif()
endforeach()
# A build that compiles nothing needs none of them. Only mao's own top-level build can be one.
set(_mao_asks_for_all ON)
if(CMAKE_FIND_PACKAGE_NAME STREQUAL "mao" OR (PROJECT_IS_TOP_LEVEL AND PROJECT_NAME STREQUAL "mao" AND NOT MAO_COMPILES))
  set(_mao_asks_for_all OFF)
endif()
if(MAO_MISSING_DEPENDENCIES AND _mao_asks_for_all)
  message(FATAL_ERROR "mao: not found on this system:${MAO_MISSING_DEPENDENCIES}\nscripts/setup installs all of them.")
endif()
if(LibTorch_FOUND AND NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "mao")
  set(_mao_devices "for the CPU only")
  if(LibTorch_HAS_CUDA)
    set(_mao_devices "with CUDA")
  endif()
  message(STATUS "LibTorch ${LibTorch_VERSION}, ${_mao_devices}, in ${LibTorch_ROOT_DIR}")
endif()

# WEBP is read where libwebp is (Debian: libwebp-dev); MAO_WEBP=AUTO, ON or OFF. The target is always there, so that an installed mao
# finds it on a machine without the library, and its definition is the same for every source that uses mao.
set(MAO_WEBP AUTO CACHE STRING "Reading WEBP: AUTO (when libwebp is found), ON or OFF")
set_property(CACHE MAO_WEBP PROPERTY STRINGS AUTO ON OFF)
mark_as_advanced(MAO_WEBP_INCLUDE_DIR MAO_WEBP_LIBRARY MAO_WEBPDEMUX_LIBRARY)
if(NOT TARGET mao::webp)
  add_library(mao::webp INTERFACE IMPORTED)
  if(MAO_WEBP)
    find_path(MAO_WEBP_INCLUDE_DIR webp/demux.h)
    find_library(MAO_WEBP_LIBRARY webp)
    find_library(MAO_WEBPDEMUX_LIBRARY webpdemux)
    if(MAO_WEBP_INCLUDE_DIR AND MAO_WEBP_LIBRARY AND MAO_WEBPDEMUX_LIBRARY)
      set_target_properties(mao::webp PROPERTIES INTERFACE_COMPILE_DEFINITIONS MAO_HAS_WEBP
        INTERFACE_INCLUDE_DIRECTORIES "${MAO_WEBP_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${MAO_WEBPDEMUX_LIBRARY};${MAO_WEBP_LIBRARY}")
    elseif(NOT MAO_WEBP STREQUAL "AUTO")
      message(FATAL_ERROR "mao: MAO_WEBP=${MAO_WEBP}, but libwebp was not found; install libwebp-dev")
    elseif(NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "mao")
      message(STATUS "WEBP: not read (libwebp was not found; install libwebp-dev)")
    endif()
  endif()
endif()

# LibTorch's own threads run mao's kernels too where the compiler has OpenMP; without it they run on one thread.
find_package(OpenMP QUIET COMPONENTS CXX)

# The target is always there, so that an installed mao is found by a compiler without OpenMP.
if(NOT TARGET mao::openmp)
  add_library(mao::openmp INTERFACE IMPORTED)
  if(OpenMP_CXX_FOUND)
    # The flags alone: the library's path would put the compiler's libgomp before the one that LibTorch brings.
    set_target_properties(mao::openmp PROPERTIES
      INTERFACE_COMPILE_OPTIONS "$<$<COMPILE_LANGUAGE:CXX>:${OpenMP_CXX_FLAGS}>" INTERFACE_LINK_OPTIONS "${OpenMP_CXX_FLAGS}")
  endif()
endif()

set(MAO_DEPENDENCIES LibTorch::cpu Eigen3::Eigen range-v3::range-v3 nlohmann_json::nlohmann_json
    JPEG::JPEG PNG::PNG mao::webp ZLIB::ZLIB Utf8proc::utf8proc Threads::Threads mao::openmp)
