# mao_compile_fail(SOURCE): a file that must not compile, for the reason it names.
#
# Its first line is `// expect: SENTENCE` and its fault stands between #ifdef MAO_EXPECT_FAIL and #else or #endif. The file is
# parsed twice while building (declarations alone, as with mao::compiled, which takes less time), only again when it or a header it
# includes changes, and gives two tests:
#   compile_fail.NAME.ok    without the macro it compiles, so nothing but the fault is wrong with it
#   compile_fail.NAME.fail  with the macro it does not, and the compiler prints the sentence (once per fault: one mistake, one error)
# mao_compile_fail_headers(HEADER) comes first: what the files include, which GCC parses once for all of them (a quarter of the time).
set(mao_syntax_includes "$<TARGET_PROPERTY:mao,INTERFACE_INCLUDE_DIRECTORIES>")
set(mao_syntax_definitions "$<TARGET_PROPERTY:mao,INTERFACE_COMPILE_DEFINITIONS>")
separate_arguments(mao_syntax_flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
set(mao_syntax_only ${CMAKE_CXX_COMPILER} ${CMAKE_CXX20_STANDARD_COMPILE_OPTION} ${mao_syntax_flags} -w -DMAO_SEPARATE_COMPILATION
  "$<$<BOOL:${mao_syntax_includes}>:-I$<JOIN:${mao_syntax_includes},\;-I>>"
  "$<$<BOOL:${mao_syntax_definitions}>:-D$<JOIN:${mao_syntax_definitions},\;-D>>")

function(mao_compile_fail_headers header)
  if(NOT MAO_PRECOMPILES)
    return()
  endif()
  set(copy "${CMAKE_CURRENT_BINARY_DIR}/headers.hpp")
  file(CONFIGURE OUTPUT "${copy}" CONTENT "#include \"${header}\"\n" @ONLY)
  add_custom_command(
    OUTPUT "${copy}.gch"
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${mao_syntax_only} -MD -MF "${copy}.d" -MT "${copy}.gch" -x c++-header "${copy}" -o "${copy}.gch"
    DEPENDS "${header}"
    DEPFILE "${copy}.d"
    COMMENT "Parsing the headers of compile_fail"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(compile_fail_headers DEPENDS "${copy}.gch")
  set(mao_compile_fail_prologue "${copy}" PARENT_SCOPE)
endfunction()

function(mao_compile_fail source)
  get_filename_component(name ${source} NAME_WE)
  set(log "${CMAKE_CURRENT_BINARY_DIR}/${name}.log")
  set(prologue "")
  set(parsed "")
  if(mao_compile_fail_prologue)
    set(prologue -include "${mao_compile_fail_prologue}")
    set(parsed "${mao_compile_fail_prologue}.gch")
  endif()
  add_custom_command(
    OUTPUT "${log}.ok" "${log}.fail"
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DLOG=${log} -P ${PROJECT_SOURCE_DIR}/cmake/MaoCompileTwice.cmake --
      ${mao_syntax_only} -fsyntax-only ${prologue}
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/cmake/MaoCompileTwice.cmake ${parsed}
    DEPFILE "${log}.d"
    COMMENT "Parsing ${name}.cpp with and without its fault"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(compile_fail.${name} ALL DEPENDS "${log}.ok" "${log}.fail")
  if(parsed)
    add_dependencies(compile_fail.${name} compile_fail_headers)  # made once, not by each target that names the file
  endif()
  foreach(kind IN ITEMS ok fail)
    add_test(NAME compile_fail.${name}.${kind}
      COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DLOG=${log}.${kind} -P ${PROJECT_SOURCE_DIR}/cmake/MaoCompileVerdict.cmake)
    set_tests_properties(compile_fail.${name}.${kind} PROPERTIES LABELS compile_fail)
  endforeach()
endfunction()
