# mao_compile_fail(SOURCE): a file that must not compile, for the reason it names.
#
# Its first line is `// expect: SENTENCE` and its fault stands between #ifdef MAO_EXPECT_FAIL and #else or #endif. The file is
# parsed twice while building (declarations alone, as with mao::compiled, which takes less time), only again when it or a header it
# includes changes, and gives two tests:
#   compile_fail.NAME.ok    without the macro it compiles, so nothing but the fault is wrong with it
#   compile_fail.NAME.fail  with the macro it does not, and the compiler prints the sentence (once per fault: one mistake, one error)
function(mao_compile_fail source)
  get_filename_component(name ${source} NAME_WE)
  set(log "${CMAKE_CURRENT_BINARY_DIR}/${name}.log")
  set(includes "$<TARGET_PROPERTY:mao,INTERFACE_INCLUDE_DIRECTORIES>")
  set(definitions "$<TARGET_PROPERTY:mao,INTERFACE_COMPILE_DEFINITIONS>")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  add_custom_command(
    OUTPUT "${log}.ok" "${log}.fail"
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DLOG=${log} -P ${PROJECT_SOURCE_DIR}/cmake/MaoCompileTwice.cmake --
      ${CMAKE_CXX_COMPILER} ${CMAKE_CXX20_STANDARD_COMPILE_OPTION} ${flags} -fsyntax-only -w
      -DMAO_SEPARATE_COMPILATION
      "$<$<BOOL:${includes}>:-I$<JOIN:${includes},;-I>>" "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>"
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/cmake/MaoCompileTwice.cmake
    DEPFILE "${log}.d"
    COMMENT "Parsing ${name}.cpp with and without its fault"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(compile_fail.${name} ALL DEPENDS "${log}.ok" "${log}.fail")
  foreach(kind IN ITEMS ok fail)
    add_test(NAME compile_fail.${name}.${kind}
      COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DLOG=${log}.${kind} -P ${PROJECT_SOURCE_DIR}/cmake/MaoCompileVerdict.cmake)
    set_tests_properties(compile_fail.${name}.${kind} PROPERTIES LABELS compile_fail)
  endforeach()
endfunction()
