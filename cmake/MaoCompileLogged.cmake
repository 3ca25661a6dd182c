# Script of mao_compile_fails: runs the compiler after `--` and writes its exit status and messages to LOG. Never fails itself: judging is
# the tests' work. DEPFILE: where the compiler was told to list the headers; it writes none when it fails.
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

if(DEPFILE)
  file(REMOVE "${DEPFILE}")
endif()
execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
file(WRITE "${LOG}" "${status}\n${messages}")
if(DEPFILE AND NOT status EQUAL 0)
  file(WRITE "${DEPFILE}" "${LOG}: ${LOG}.never\n")  # a file that never exists: the next build tries again
endif()
