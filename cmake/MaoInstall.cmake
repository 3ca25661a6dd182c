# install() and export, so that find_package(mao) works from a prefix. Components: library, program, documentation.
include(CMakePackageConfigHelpers)
set(mao_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mao)
set(mao_document_dir ${CMAKE_INSTALL_DATADIR}/doc/mao)

# The library: headers, CMake files, and the embedded models, which mao::embedded::clip() and siglip() find in share/mao.
install(TARGETS mao EXPORT mao-targets FILE_SET HEADERS COMPONENT library FILE_SET kernels COMPONENT library)
if(TARGET mao_compiled)
  install(TARGETS mao_compiled EXPORT mao-targets ARCHIVE COMPONENT library)
endif()
install(DIRECTORY tools/embedded/model/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mao/embedded COMPONENT library)
install(DIRECTORY tools/embedded/siglip/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mao/embedded-siglip COMPONENT library)
install(EXPORT mao-targets NAMESPACE mao:: DESTINATION ${mao_package_dir} COMPONENT library)
configure_package_config_file(cmake/mao-config.cmake.in mao-config.cmake INSTALL_DESTINATION ${mao_package_dir})
write_basic_package_version_file(mao-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/mao-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/mao-config-version.cmake
  cmake/FindLibTorch.cmake cmake/FindUtf8proc.cmake cmake/MaoC10d.cmake
  cmake/MaoCuda.cmake
  cmake/MaoDependencies.cmake
  DESTINATION ${mao_package_dir} COMPONENT library)
install(FILES LICENSE CITATION.cff DESTINATION ${mao_document_dir} COMPONENT library)

# The pages that messages point to, in the folders of the sources, so that their links work.
install(FILES README.md CHANGELOG.md CONTRIBUTING.md DESTINATION ${mao_document_dir} COMPONENT documentation)
install(DIRECTORY docs DESTINATION ${mao_document_dir} COMPONENT documentation PATTERN site EXCLUDE)
install(DIRECTORY examples DESTINATION ${mao_document_dir} COMPONENT documentation)

if(TARGET mao-program)
  install(TARGETS mao-program COMPONENT program)
  # What the program needs from outside the prefix, and what it can do.
  set(mao_libtorch_is "for the CPU only; --device cuda needs scripts/setup --cuda and another build")
  if(LibTorch_HAS_CUDA)
    set(mao_libtorch_is "with CUDA")
  endif()
  install(CODE "message(STATUS \"mao: bin/mao loads LibTorch ${LibTorch_VERSION} (${mao_libtorch_is}) from ${LibTorch_ROOT_DIR}/lib: leave that folder there\")"
    COMPONENT program)
endif()
