# Catch2::Catch2 of version 3 or 2, and MAO_CATCH2_FLAGS: what makes a run without any test case fail.
find_package(Catch2 3 QUIET)
if(Catch2_FOUND)
  set(MAO_CATCH2_FLAGS "")  # the default of version 3
else()
  find_package(Catch2 2.13 QUIET)
  if(NOT Catch2_FOUND)
    message(FATAL_ERROR "mao: the tests need Catch2, 2.13 or 3 (Debian: catch2; scripts/setup installs it). "
      "Without tests: -DMAO_BUILD_TESTS=OFF")
  endif()
  set(MAO_CATCH2_FLAGS --warn NoTests)
endif()
