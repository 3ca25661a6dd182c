# Script of mao_compile_fail: runs the compiler after `--` on SOURCE without and with MAO_EXPECT_FAIL. Each run's exit status and
# messages go to LOG.ok and LOG.fail, the headers read to LOG.d. Never fails itself: judging is the tests' work.
set(command "")
set(seen OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(seen)
    list(APPEND command "${CMAKE_ARGV${index}}")
  elseif(CMAKE_ARGV${index} STREQUAL "--")
    set(seen ON)
  endif()
endforeach()

file(REMOVE "${LOG}.d")
execute_process(COMMAND ${command} -MD -MF "${LOG}.d" -MT "${LOG}.ok" "${SOURCE}"
  RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
file(WRITE "${LOG}.ok" "${status}\n${messages}")
if(NOT status EQUAL 0)
  # No list of headers was written; a file that never exists makes the build try again next time.
  file(WRITE "${LOG}.d" "${LOG}.ok: ${SOURCE} ${LOG}.never\n")
endif()

execute_process(COMMAND ${command} -DMAO_EXPECT_FAIL "${SOURCE}"
  RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
file(WRITE "${LOG}.fail" "${status}\n${messages}")
