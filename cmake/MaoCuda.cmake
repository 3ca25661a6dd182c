# mao_cuda_kernels(TARGET...): compiles mao's CUDA kernels (include/mao/kernels/cuda/kernels.cu, one file) with nvcc, once a project, and
# links them into the targets. The project must have CUDA among its languages. Without this call everything else of mao works.
# To use it in several folders of a project, call it in the top one first (without a target will do).
function(mao_cuda_kernels)
  if(NOT CMAKE_CUDA_COMPILER)
    message(FATAL_ERROR "mao_cuda_kernels(${ARGN}): CUDA is not among the languages of this project; say project(... LANGUAGES CXX CUDA)")
  endif()
  if(NOT TARGET mao-cuda)
    find_package(CUDAToolkit REQUIRED)
    # In the source tree this file lies in cmake/, installed in LIBDIR/cmake/mao.
    set(here "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
    find_path(include_dir mao/kernels/cuda/kernels.cu NO_CACHE REQUIRED NO_DEFAULT_PATH
      PATHS "${here}/../include" "${here}/../../../include" "${here}/../../../../include")
    # An object library: a static one would lose what nothing refers to, and the kernels enter themselves in a table.
    add_library(mao-cuda OBJECT "${include_dir}/mao/kernels/cuda/kernels.cu")
    target_include_directories(mao-cuda PRIVATE "${include_dir}")
    # CMake 3.25 does not know nvcc 13's cuda_std_20.
    target_compile_options(mao-cuda PRIVATE -std=c++20)
    set_target_properties(mao-cuda PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(mao-cuda PUBLIC CUDA::cudart_static)
  endif()
  foreach(target IN LISTS ARGN)
    target_link_libraries(${target} PRIVATE mao-cuda)
  endforeach()
endfunction()
