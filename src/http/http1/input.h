// Input: the bytes a client sent that are not used up, and the request being parsed from them.
//
// An idle connection has none: inputs belong to a pool of the loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "http/http1/parser.h"
#include "http/request.h"

namespace headrace::http1 {

class Input final {
 public:
  explicit Input(const ParserLimits& limits) : parser(limits), bytes_(kInitialSize) {}

  RequestParser parser;
  http::Request request;

  // What arrived and is not used up.
  [[nodiscard]] std::span<char> unused() { return {bytes_.data() + begin_, end_ - begin_}; }
  // Marks the first `size` of them as used. The bytes stay where they are until compact().
  void use(std::size_t size) { begin_ += size; }

  // Room for more behind the unused bytes. Grows the buffer when it is full: slices of it are
  // invalid then. REQUIRES: no request is being served from it.
  [[nodiscard]] std::span<char> room();
  void arrived(std::size_t size) { end_ += size; }
  // Adds bytes that were read elsewhere. Slices of the buffer stay valid: the buffer was large
  // enough to have received them.
  void put_back(std::string_view bytes);

  // Moves the unused bytes to the front, for the next request.
  void compact();
  void clear() { begin_ = end_ = 0; }
  [[nodiscard]] bool oversized() const { return bytes_.size() > kKeptSizeMax; }

 private:
  static constexpr std::size_t kInitialSize = 4096;
  static constexpr std::size_t kKeptSizeMax = 16384;

  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<char> retired_;  // the buffer before put_back() had to grow it
};

// Hands out inputs and takes them back. Keeps a bounded number of small ones.
class InputPool final {
 public:
  explicit InputPool(const ParserLimits& limits) : limits_(limits) {
    kept_.reserve(kKeptMax);  // so that giving back never fails
  }

  // For inputs that are taken from now on.
  void set_limits(const ParserLimits& limits) { limits_ = limits; }

  [[nodiscard]] std::unique_ptr<Input> take();
  void give_back(std::unique_ptr<Input> input);

 private:
  static constexpr std::size_t kKeptMax = 128;

  ParserLimits limits_;
  std::vector<std::unique_ptr<Input>> kept_;
};

}  // namespace headrace::http1
