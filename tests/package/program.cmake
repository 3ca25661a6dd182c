# The program of a moved PREFIX starts and finds its own model, not that of the build.
set(mao "${PREFIX}/bin/mao")
if(NOT EXISTS "${mao}")
  message("SKIPPED: the program is not built")
  return()
endif()
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
execute_process(COMMAND "${mao}" tune --data sketch --method zero-shot --out untuned WORKING_DIRECTORY "${WORK}"
  OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(FIND "${output}" "${PREFIX}/share/mao/embedded/config.json" place)
if(place EQUAL -1)
  message(FATAL_ERROR "The installed program does not use the installed model:\n${output}")
endif()
