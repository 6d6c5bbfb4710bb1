// Buffer moves.
#include "http/http1/input.h"

#include <algorithm>
#include <cstring>

namespace headrace::http1 {

std::span<char> Input::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == bytes_.size()) {
    compact();
    if (end_ == bytes_.size()) bytes_.resize(bytes_.size() * 2);
  }
  return {bytes_.data() + end_, bytes_.size() - end_};
}

void Input::put_back(std::string_view bytes) {
  if (bytes_.size() - end_ < bytes.size()) {
    // The request's slices point into the old buffer: it lives on until the next request.
    std::vector<char> larger(end_ + bytes.size());
    std::memcpy(larger.data(), bytes_.data(), end_);
    retired_ = std::exchange(bytes_, std::move(larger));
  }
  std::memcpy(bytes_.data() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Input::compact() {
  retired_ = {};
  if (begin_ == 0) return;
  std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

std::unique_ptr<Input> InputPool::take() {
  if (kept_.empty()) return std::make_unique<Input>(limits_);
  std::unique_ptr<Input> input = std::move(kept_.back());
  kept_.pop_back();
  input->parser.set_limits(limits_);
  return input;
}

void InputPool::give_back(std::unique_ptr<Input> input) {
  if (kept_.size() >= kKeptMax || input->oversized()) return;
  input->clear();
  input->request.clear();
  input->parser.reset();
  kept_.push_back(std::move(input));
}

}  // namespace headrace::http1
