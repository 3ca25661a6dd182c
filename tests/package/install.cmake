# Installs BUILD into a prefix and moves the prefix, so that an absolute path in the package is found out. A program that is not built
# is left out, and so is what it is asked.
file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.before")
set(components library documentation)
if(EXISTS "${BUILD}/bin/mao")
  list(APPEND components program)
endif()
foreach(component IN LISTS components)
  execute_process(COMMAND ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${PREFIX}.before" --component ${component}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(RENAME "${PREFIX}.before" "${PREFIX}")

file(GLOB_RECURSE files "${PREFIX}/*.cmake")
foreach(file IN LISTS files)
  file(STRINGS "${file}" lines REGEX "${PREFIX}\\.before|${SOURCE}")
  list(FILTER lines EXCLUDE REGEX "MAO_LIBTORCH_HINT")  # outside the prefix, and no more than a place to look at
  if(lines)
    message(FATAL_ERROR "${file} names a folder of the build:\n${lines}")
  endif()
endforeach()

foreach(file IN ITEMS share/mao/embedded/model.safetensors share/mao/embedded-siglip/model.safetensors share/doc/mao/LICENSE share/doc/mao/README.md
    share/doc/mao/docs/concepts/sampler.md share/doc/mao/examples/01_quickstart.cpp)
  if(NOT EXISTS "${PREFIX}/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
