# FindLibTorch: imported targets LibTorch::cpu and, where complete, LibTorch::cuda. Needs neither nvcc nor Caffe2's config.
#
# If LIBTORCH_ROOT is given (as variable or in the environment) only that folder is looked at. Otherwise, in order:
#   1. Torch_ROOT, Torch_DIR (as variable or in the environment)
#   2. every entry of CMAKE_PREFIX_PATH (an unpacked libtorch archive, or what torch.utils.cmake_prefix_path prints)
#   3. Python: $VIRTUAL_ENV, the project's .venv, python3 on PATH; torch is located without being imported
#   4. MAO_LIBTORCH_HINT, the LibTorch that an installed mao was built with
#   5. /usr
# Sets LibTorch_FOUND, LibTorch_VERSION, LibTorch_ROOT_DIR, LibTorch_HAS_CUDA, LibTorch_CUDA_LIBRARY, and LibTorch_REASON when
# nothing was found: where it looked and why it refused what it saw.

# Appends to `out` the folders in which LibTorch may lie.
function(_libtorch_candidates out)
  if(LIBTORCH_ROOT OR NOT "$ENV{LIBTORCH_ROOT}" STREQUAL "")
    if(LIBTORCH_ROOT)
      set(${out} "${LIBTORCH_ROOT}" PARENT_SCOPE)
    else()
      set(${out} "$ENV{LIBTORCH_ROOT}" PARENT_SCOPE)
    endif()
    return()
  endif()
  set(found ${Torch_ROOT} $ENV{Torch_ROOT})
  foreach(dir IN ITEMS "${Torch_DIR}" "$ENV{Torch_DIR}")
    if(dir)
      list(APPEND found "${dir}/../../..")
    endif()
  endforeach()
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
    list(APPEND found "${prefix}" "${prefix}/../..")
  endforeach()
  set(pythons "")
  if(DEFINED ENV{VIRTUAL_ENV})
    list(APPEND pythons "$ENV{VIRTUAL_ENV}/bin/python")
  endif()
  list(APPEND pythons "${CMAKE_SOURCE_DIR}/.venv/bin/python" "${PROJECT_SOURCE_DIR}/.venv/bin/python" python3)
  list(REMOVE_DUPLICATES pythons)
  foreach(python IN LISTS pythons)
    # From /: inside site-packages/torch Python would pick up torch/types.py as its own `types`.
    execute_process(
      COMMAND "${python}" -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
      WORKING_DIRECTORY / OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed AND path)
      list(APPEND found "${path}")
    endif()
  endforeach()
  if(MAO_LIBTORCH_HINT)
    list(APPEND found "${MAO_LIBTORCH_HINT}")
  endif()
  list(REMOVE_DUPLICATES found)
  set(${out} ${found} /usr PARENT_SCOPE)
endfunction()

# The version that the headers under `root` state, or an empty string.
function(_libtorch_version root out)
  set(${out} "" PARENT_SCOPE)
  foreach(header IN ITEMS torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(EXISTS "${root}/include/${header}")
      file(STRINGS "${root}/include/${header}" lines REGEX "TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
      if(lines)
        list(TRANSFORM lines REPLACE ".* ([0-9]+).*" "\\1")
        list(SUBLIST lines 0 3 lines)
        list(JOIN lines "." version)
        set(${out} "${version}" PARENT_SCOPE)
        return()
      endif()
    endif()
  endforeach()
endfunction()

# The libraries that `library` needs and the loader cannot find.
function(_libtorch_missing library out)
  set(missing "")
  find_program(LIBTORCH_LDD ldd)
  mark_as_advanced(LIBTORCH_LDD)
  if(LIBTORCH_LDD)
    execute_process(COMMAND "${LIBTORCH_LDD}" "${library}" OUTPUT_VARIABLE listing ERROR_QUIET)
    string(REGEX MATCHALL "[^ \t\n]+ => not found" missing "${listing}")
    string(REPLACE " => not found" "" missing "${missing}")
    list(REMOVE_DUPLICATES missing)
  endif()
  set(${out} "${missing}" PARENT_SCOPE)
endfunction()

_libtorch_candidates(_libtorch_roots)
unset(LibTorch_ROOT_DIR)
set(_libtorch_rejected "")
foreach(_root IN LISTS _libtorch_roots)
  get_filename_component(_root "${_root}" ABSOLUTE)
  file(GLOB _libtorch_cpu "${_root}/lib/libtorch_cpu.so" "${_root}/lib64/libtorch_cpu.so" "${_root}/lib/*/libtorch_cpu.so"
       "${_root}/lib/libtorch_cpu.dylib")
  if(_libtorch_cpu AND NOT EXISTS "${_root}/include/ATen/core/Tensor.h")
    string(APPEND _libtorch_rejected "\n  ${_root}: libraries without headers (include/ATen/core/Tensor.h is missing)")
  elseif(_libtorch_cpu)
    _libtorch_version("${_root}" _version)
    if(LibTorch_FIND_VERSION AND _version VERSION_LESS LibTorch_FIND_VERSION)
      string(APPEND _libtorch_rejected "\n  ${_root}: version ${_version}, needed ${LibTorch_FIND_VERSION}")
      continue()
    endif()
    list(GET _libtorch_cpu 0 _libtorch_cpu)
    _libtorch_missing("${_libtorch_cpu}" _missing)
    if(_missing)
      list(JOIN _missing ", " _missing)
      string(APPEND _libtorch_rejected "\n  ${_root}: version ${_version}, but these libraries do not resolve: ${_missing}"
        " (after `pip install --no-deps torch` also install nvidia-cuda-runtime and nvidia-cuda-cupti of the same CUDA version)")
      continue()
    endif()
    set(LibTorch_ROOT_DIR "${_root}")
    set(LibTorch_VERSION "${_version}")
    break()
  endif()
endforeach()

set(LibTorch_REASON "")
if(NOT LibTorch_ROOT_DIR)
  list(JOIN _libtorch_roots ", " _libtorch_roots)
  string(CONCAT LibTorch_REASON "  Looked in: ${_libtorch_roots}${_libtorch_rejected}\n  Run scripts/setup, or `python3 -m venv .venv && "
    ".venv/bin/pip install torch`, or pass -DLIBTORCH_ROOT=/path/to/libtorch.")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_ROOT_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "${LibTorch_REASON}")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  get_filename_component(_libtorch_lib "${_libtorch_cpu}" DIRECTORY)
  get_filename_component(_libtorch_suffix "${_libtorch_cpu}" LAST_EXT)
  add_library(LibTorch::c10 UNKNOWN IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${_libtorch_lib}/libc10${_libtorch_suffix}")
  add_library(LibTorch::cpu UNKNOWN IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION "${_libtorch_cpu}"
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_ROOT_DIR}/include;${LibTorch_ROOT_DIR}/include/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES LibTorch::c10
    INTERFACE_COMPILE_FEATURES cxx_std_17)

  # Wheels up to 2.6 used the old string ABI: ask the library, never guess.
  set(_new_abi ON)
  if(EXISTS "${_libtorch_lib}/libc10.so")
    file(STRINGS "${_libtorch_lib}/libc10.so" _new_abi REGEX "_ZN3c105ErrorC[12]ENS_14SourceLocationENSt7__cxx11" LIMIT_COUNT 1)
  endif()
  if(NOT _new_abi)
    set_property(TARGET LibTorch::cpu APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS _GLIBCXX_USE_CXX11_ABI=0)
  endif()

  set(LibTorch_HAS_CUDA OFF)
  if(EXISTS "${_libtorch_lib}/libtorch_cuda.so" AND EXISTS "${_libtorch_lib}/libc10_cuda.so")
    _libtorch_missing("${_libtorch_lib}/libtorch_cuda.so" _missing)
    if(_missing)
      list(LENGTH _missing _missing_count)
      message(STATUS "LibTorch: for the CPU only (${_missing_count} CUDA libraries are not installed; for a GPU: scripts/setup --cuda)")
    else()
      set(LibTorch_HAS_CUDA ON)
      set(LibTorch_CUDA_LIBRARY "${_libtorch_lib}/libtorch_cuda.so")
      # Nothing refers to a symbol of these two, so the linker would drop them.
      add_library(LibTorch::cuda INTERFACE IMPORTED)
      set_target_properties(LibTorch::cuda PROPERTIES INTERFACE_LINK_LIBRARIES
        "LibTorch::cpu;-Wl,--no-as-needed,${_libtorch_lib}/libtorch_cuda.so,${_libtorch_lib}/libc10_cuda.so,--as-needed")
    endif()
  endif()
endif()
