// SPDX-License-Identifier: Apache-2.0
#include "runs/tensorboard.hpp"

#include <bit>
#include <cstring>
#include <map>
#include <vector>

#include <mao/io/files.hpp>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes.at(at + i))) << (8 * i);
  }
  return value;
}

// The contents of a record file, after its checksums.
std::vector<std::string> records(const std::string& file) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < file.size();) {
    const auto size = static_cast<std::size_t>(little_endian(file, at, 8));
    CHECK(little_endian(file, at + 8, 4) == mao::detail::masked_crc32c(file.substr(at, 8)));
    result.push_back(file.substr(at + 12, size));
    CHECK(little_endian(file, at + 12 + size, 4) == mao::detail::masked_crc32c(result.back()));
    at += size + 16;
  }
  return result;
}

struct Field {
  std::uint64_t number = 0;  // of an integer, or the bits of a real
  std::string bytes;
};

// A protobuf message, each field once.
std::map<std::uint64_t, Field> message(const std::string& bytes) {
  std::map<std::uint64_t, Field> fields;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= static_cast<std::uint64_t>(byte & 127U) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.size()) {
    const std::uint64_t key = varint();
    Field& field = fields[key >> 3];
    if ((key & 7) == 0) field.number = varint();
    if ((key & 7) == 2) {
      const std::uint64_t size = varint();
      field.bytes = bytes.substr(at, size);
      at += size;
    }
    const std::size_t fixed = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
    if (fixed != 0) field.number = little_endian(bytes, at, fixed);
    at += fixed;
  }
  return fields;
}

}  // namespace

TEST_CASE("CRC-32C of RFC 3720's vectors", "[tensorboard]") {
  using mao::detail::crc32c;
  std::string rising(32, '\0'), falling(32, '\0');
  for (std::size_t i = 0; i < 32; ++i) {
    rising[i] = static_cast<char>(i);
    falling[i] = static_cast<char>(31 - i);
  }
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
  CHECK(crc32c(rising) == 0x46DD794EU);
  CHECK(crc32c(falling) == 0x113FDB5CU);
  CHECK(crc32c("") == 0U);
}

TEST_CASE("scalars come back from the event file with tag, step and value", "[tensorboard]") {
  const mao_test::TemporaryFolder temporary;
  mao::TensorBoard board(temporary / "deep/tensorboard");
  const std::vector<std::pair<std::int64_t, double>> points{{0, 1.5}, {127, -0.25}, {128, 0.0}, {1'000'000, 3e-8}};
  for (const auto& [step, value] : points) board.scalar("train/loss", step, value);
  CHECK(board.path().filename().string().rfind("events.out.tfevents.", 0) == 0);
  const auto events = records(mao::read_text_file(board.path()));
  REQUIRE(events.size() == points.size() + 1);
  CHECK(message(events[0]).at(3).bytes == "brain.Event:2");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto event = message(events[i + 1]);
    CHECK(std::bit_cast<double>(event.at(1).number) > 1.6e9);
    CHECK(event.at(2).number == static_cast<std::uint64_t>(points[i].first));
    const auto value = message(message(event.at(5).bytes).at(1).bytes);
    CHECK(value.at(1).bytes == "train/loss");
    CHECK(std::bit_cast<float>(static_cast<std::uint32_t>(value.at(2).number)) == static_cast<float>(points[i].second));
  }
}

TEST_CASE("a second writer in the folder leaves the first one's file", "[tensorboard]") {
  const mao_test::TemporaryFolder temporary;
  const mao::TensorBoard first(temporary.path());
  const mao::TensorBoard second(temporary.path());
  CHECK(first.path() != second.path());
}

TEST_CASE("a place where no event file can be made is an error that names it", "[tensorboard]") {
  const mao_test::TemporaryFolder temporary;
  const auto file = temporary.write("file", "x");
  CHECK_THROWS_AS(mao::TensorBoard(file), mao::FileError);
  CHECK_THROWS_WITH(mao::TensorBoard(file), ContainsSubstring("file"));
}
