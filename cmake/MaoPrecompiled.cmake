# mao_precompiled(TARGET HEADER...): sources of mao::compiled, of mao's own programs and of the tests begin with these headers of other
# libraries, parsed once. An edited header of mao compiles what includes it, no more. ccache finds such sources in another folder too, if it
# is told to (CCACHE_SLOPPINESS) and every HEADER is given as <name>, found below include/ or tests/: a whole path would stand
# in the precompiled file.
set(MAO_PRECOMPILE AUTO CACHE STRING "Parse the headers of other libraries once for mao::compiled, mao's programs and the tests: AUTO (unless a launcher would not cache them), ON or OFF")
set_property(CACHE MAO_PRECOMPILE PROPERTY STRINGS AUTO ON OFF)
mark_as_advanced(MAO_PRECOMPILE)

set(MAO_PRECOMPILES ${MAO_PRECOMPILE})
if(MAO_PRECOMPILE STREQUAL "AUTO")
  set(MAO_PRECOMPILES ON)
  if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT "${CMAKE_CXX_COMPILER_LAUNCHER}" MATCHES "pch_defines")
    set(MAO_PRECOMPILES OFF)
  endif()
endif()
# Compilers differ in what of a precompiled header they demand; only GCC is tried here.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(MAO_PRECOMPILES OFF)
endif()

function(mao_precompiled target)
  if(MAO_PRECOMPILES)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# The same of another target, whose options are the same; position-independent code if that has it. GCC takes the headers of a library
# (-fPIC) for no program that is compiled with -fPIE, as CMake has it.
function(mao_precompiled_from target other)
  if(MAO_PRECOMPILES)
    get_target_property(position_independent ${other} POSITION_INDEPENDENT_CODE)
    get_target_property(type ${target} TYPE)
    if(position_independent AND type STREQUAL "EXECUTABLE")
      target_compile_options(${target} PRIVATE -fPIC)
    elseif(position_independent)
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    endif()
    target_precompile_headers(${target} REUSE_FROM ${other})
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()
