# The preset `headers` installs what README's program needs, on a machine that has neither LibTorch nor nvcc.
file(REMOVE_RECURSE "${WORK}")
execute_process(COMMAND ${CMAKE_COMMAND} -S "${SOURCE}" -B "${WORK}/build" -G "${GENERATOR}" -DMAO_BUILD_PROGRAMS=OFF -DMAO_BUILD_TESTS=OFF
  "-DLIBTORCH_ROOT=${WORK}/no-libtorch" OUTPUT_VARIABLE output ERROR_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(output MATCHES "CUDA")
  message(FATAL_ERROR "CUDA was looked for:\n${output}")
endif()
file(STRINGS "${WORK}/build/CMakeCache.txt" nvcc REGEX "^MAO_NVCC")
if(nvcc)
  message(FATAL_ERROR "nvcc was looked for: ${nvcc}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --install "${WORK}/build" --prefix "${WORK}/before" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${WORK}/before" "${PREFIX}")
