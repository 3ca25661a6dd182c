# Parses SOURCE with CLANG and every warning that users of mao may have switched on. INCLUDES: where mao and other libraries are.
if(NOT CLANG)
  message("skipped: no clang")
  return()
endif()
set(flags "")
if(STANDARD EQUAL 23)
  set(STANDARD 2b)  # the name that clang before 17 knows
endif()
foreach(folder IN LISTS INCLUDES)
  if(folder STREQUAL "/usr/include")
    continue()  # the compiler's own; named twice, it hides the C library from the C++ library
  elseif(folder MATCHES "/include$" AND EXISTS "${folder}/mao/mao.hpp")
    list(APPEND flags "-I${folder}")
  else()
    list(APPEND flags "-isystem${folder}")
  endif()
endforeach()
execute_process(COMMAND "${CLANG}" -std=c++${STANDARD} -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Werror -DMAO_HAS_WEBP ${flags} "${SOURCE}"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${CLANG} -std=c++${STANDARD} refuses ${SOURCE}")
endif()
