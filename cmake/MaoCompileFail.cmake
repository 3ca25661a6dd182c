# mao_compile_fails(SOURCE...): files that must not compile, each for the reason it names.
#
# The first line of each is `// expect: SENTENCE` and its fault stands between #ifdef MAO_EXPECT_FAIL and #else or #endif. They are parsed
# while building (declarations alone, as with mao::compiled, which takes less time), only again when they or a header they include
# change, and give these tests:
#   compile_fail.without_faults  without the macro they compile, all of them in one source, so nothing but the fault is wrong with each
#   compile_fail.NAME            with the macro NAME.cpp does not, and the compiler prints the sentence (one mistake, one error)
# mao_compile_fail_headers(HEADER) comes first: what most of them include, which GCC parses once.
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

# Adds a test that judges LOG, which the compiler writes with the options that follow.
function(mao_compile_logged name log comment)
  cmake_parse_arguments(PARSE_ARGV 3 logged "" "SOURCE;DEPFILE" "DEPENDS;OPTIONS")
  set(listing "")
  set(list_headers "")
  if(logged_DEPFILE)
    set(listing DEPFILE "${logged_DEPFILE}")
    set(list_headers -MD -MF "${logged_DEPFILE}" -MT "${log}")
  endif()
  set(prologue "")
  if(mao_compile_fail_prologue)
    set(prologue -include "${mao_compile_fail_prologue}")
  endif()
  set(script ${PROJECT_SOURCE_DIR}/cmake/MaoCompileLogged.cmake)
  add_custom_command(
    OUTPUT "${log}"
    COMMAND ${CMAKE_COMMAND} "-DLOG=${log}" "-DDEPFILE=${logged_DEPFILE}" -P ${script} -- ${mao_syntax_only} -fsyntax-only ${prologue}
      ${list_headers} ${logged_OPTIONS} "${logged_SOURCE}"
    DEPENDS "${logged_SOURCE}" ${script} ${logged_DEPENDS}
    ${listing}
    COMMENT "${comment}"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(compile_fail.${name} ALL DEPENDS "${log}")
  if(mao_compile_fail_prologue)
    add_dependencies(compile_fail.${name} compile_fail_headers)  # made once, not by each target that names the file
  endif()
  add_test(NAME compile_fail.${name} COMMAND ${CMAKE_COMMAND} "-DSOURCE=${logged_SOURCE}" "-DLOG=${log}"
    -P ${PROJECT_SOURCE_DIR}/cmake/MaoCompileVerdict.cmake)
  set_tests_properties(compile_fail.${name} PROPERTIES LABELS compile_fail)
endfunction()

function(mao_compile_fails)
  set(includes "")
  set(cases "")
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    file(STRINGS ${source} lines REGEX "^#include ")
    list(APPEND includes ${lines})
    string(APPEND cases "namespace ${name} {\n#include \"${source}\"\n}\n")
  endforeach()
  list(REMOVE_DUPLICATES includes)
  list(JOIN includes "\n" includes)
  set(together "${CMAKE_CURRENT_BINARY_DIR}/without_faults.cpp")
  # The headers first: inside a namespace they include nothing any more.
  file(CONFIGURE OUTPUT "${together}" CONTENT "${includes}\n${cases}" @ONLY)
  set(whole "${CMAKE_CURRENT_BINARY_DIR}/without_faults.log")
  set(parsed "")
  if(mao_compile_fail_prologue)
    set(parsed "${mao_compile_fail_prologue}.gch")
  endif()
  mao_compile_logged(without_faults "${whole}" "Parsing the files of compile_fail without their faults" SOURCE "${together}"
    DEPFILE "${whole}.d" DEPENDS ${parsed})
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    # A source that does not compile lists no headers, so these are parsed again when a header of any of them has changed.
    mao_compile_logged(${name} "${CMAKE_CURRENT_BINARY_DIR}/${name}.log" "Parsing ${name}.cpp with its fault" SOURCE "${source}"
      DEPENDS "${whole}" OPTIONS -DMAO_EXPECT_FAIL)
    add_dependencies(compile_fail.${name} compile_fail.without_faults)
  endforeach()
endfunction()
