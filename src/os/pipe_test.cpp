// A reader takes what is there, never waits, and sees the end.
#include "os/pipe.h"

#include <unistd.h>

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

TEST(Pipe, IsReadWithoutWaiting) {
  Pipe pipe = create_pipe().value();
  std::array<char, 8> bytes{};
  std::size_t size = 0;
  EXPECT_EQ(read_pipe(pipe.in.get(), bytes, size), PipeRead::kNothing);
  ASSERT_EQ(::write(pipe.out.get(), "0123456789", 10), 10);
  ASSERT_EQ(read_pipe(pipe.in.get(), bytes, size), PipeRead::kBytes);
  EXPECT_EQ(std::string_view(bytes.data(), size), "01234567");
  pipe.out.reset();
  ASSERT_EQ(read_pipe(pipe.in.get(), bytes, size), PipeRead::kBytes);
  EXPECT_EQ(std::string_view(bytes.data(), size), "89");
  EXPECT_EQ(read_pipe(pipe.in.get(), bytes, size), PipeRead::kEnd);
}

}  // namespace
}  // namespace headrace::os
