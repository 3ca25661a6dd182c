# install() and export, so that find_package(mao) works from a prefix.
include(CMakePackageConfigHelpers)
set(mao_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mao)
install(TARGETS mao EXPORT mao-targets FILE_SET HEADERS FILE_SET kernels)
install(EXPORT mao-targets NAMESPACE mao:: DESTINATION ${mao_package_dir})
configure_package_config_file(cmake/mao-config.cmake.in mao-config.cmake INSTALL_DESTINATION ${mao_package_dir})
write_basic_package_version_file(mao-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/mao-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/mao-config-version.cmake
  cmake/FindLibTorch.cmake cmake/FindUtf8proc.cmake cmake/MaoC10d.cmake
  cmake/MaoCuda.cmake
  cmake/MaoDependencies.cmake
  DESTINATION ${mao_package_dir})
