# What mao::mao links to; used by the build tree and, installed beside mao-config.cmake, by find_package(mao).
include(CMakeFindDependencyMacro)
find_dependency(LibTorch 2.4)
find_dependency(Eigen3 3.4)
find_dependency(range-v3)
find_dependency(nlohmann_json 3.10)
find_dependency(JPEG)
find_dependency(PNG)
find_dependency(ZLIB)
find_dependency(Utf8proc)
find_dependency(Threads)

set(MAO_DEPENDENCIES LibTorch::cpu Eigen3::Eigen range-v3::range-v3 nlohmann_json::nlohmann_json
    JPEG::JPEG PNG::PNG ZLIB::ZLIB Utf8proc::utf8proc Threads::Threads)
