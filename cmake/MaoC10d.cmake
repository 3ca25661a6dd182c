# mao::c10d: several processes that train together (include/mao/parallel/c10d_workers.hpp) over what LibTorch brings. LibTorch hides it
# behind the headers of Gloo, which its wheel lacks; Debian's libgloo-dev has them. Gloo's library is inside LibTorch: nothing is linked.
# MAO_C10D=AUTO, ON or OFF. Installed beside mao-config.cmake, where the target is there when the headers are.
set(MAO_C10D AUTO CACHE STRING "Training in several processes: AUTO (when Gloo's headers are found), ON or OFF")
set_property(CACHE MAO_C10D PROPERTY STRINGS AUTO ON OFF)
mark_as_advanced(MAO_GLOO_INCLUDE_DIR MAO_NCCL_INCLUDE_DIR)

if(MAO_C10D AND NOT TARGET mao::c10d)
  find_path(MAO_GLOO_INCLUDE_DIR gloo/algorithm.h)
  set(_mao_c10d_reason "")
  if(NOT MAO_GLOO_INCLUDE_DIR)
    set(_mao_c10d_reason "gloo/algorithm.h was not found; install libgloo-dev")
  elseif(NOT EXISTS "${LibTorch_ROOT_DIR}/include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp")
    set(_mao_c10d_reason "the LibTorch in ${LibTorch_ROOT_DIR} was built without c10d")
  endif()
  if(_mao_c10d_reason STREQUAL "")
    add_library(mao::c10d INTERFACE IMPORTED GLOBAL)
    set_target_properties(mao::c10d PROPERTIES INTERFACE_LINK_LIBRARIES mao::mao
      INTERFACE_INCLUDE_DIRECTORIES "${MAO_GLOO_INCLUDE_DIR}" INTERFACE_COMPILE_DEFINITIONS "MAO_HAS_C10D;USE_C10D_GLOO")
    # Between GPUs: NCCL's headers come with LibTorch's CUDA wheel or from the system, its library is LibTorch's own.
    if(LibTorch_HAS_CUDA)
      find_package(CUDAToolkit QUIET)
      find_path(MAO_NCCL_INCLUDE_DIR nccl.h HINTS "${LibTorch_ROOT_DIR}/../nvidia/nccl/include")
      if(CUDAToolkit_FOUND AND MAO_NCCL_INCLUDE_DIR)
        set_property(TARGET mao::c10d APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS MAO_HAS_NCCL USE_C10D_NCCL)
        set_property(TARGET mao::c10d APPEND PROPERTY INTERFACE_INCLUDE_DIRECTORIES
          "${MAO_NCCL_INCLUDE_DIR}" ${CUDAToolkit_INCLUDE_DIRS})
        set_property(TARGET mao::c10d APPEND PROPERTY INTERFACE_LINK_LIBRARIES LibTorch::cuda)
      endif()
    endif()
  elseif(MAO_C10D STREQUAL "AUTO")
    if(NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "mao")
      message(STATUS "c10d: one process alone (${_mao_c10d_reason})")
    endif()
  else()
    message(FATAL_ERROR "mao: MAO_C10D=${MAO_C10D}, but ${_mao_c10d_reason}; -DMAO_C10D=AUTO builds without it")
  endif()
endif()
