// RecentText: the str made last for some place of a request, used again while the text is equal.
//
// Most requests that follow one another agree in method, Host, Accept and the like. Comparing is a
// fraction of what making and dropping a str costs.
#pragma once

#include <charconv>
#include <cstring>
#include <string_view>

#include "worker/python.h"

namespace headrace::worker {

class RecentText final {
 public:
  // A str for `text`, by Latin-1. Null with an error set.
  [[nodiscard]] PyRef get(std::string_view text) {
    std::string_view last;
    if (text_ && as_latin1(text_.get(), last) && last == text) return PyRef::share(text_.get());
    PyRef fresh = latin1(text);
    if (text.size() <= kSizeMax) text_ = PyRef::share(fresh.get());
    return fresh;
  }

 private:
  static constexpr std::size_t kSizeMax = 256;  // so that the memory of all places is small

  PyRef text_;
};

// The same for a number in decimal.
class RecentNumber final {
 public:
  [[nodiscard]] PyRef get(unsigned number) {
    if (!text_ || number != number_) {
      text_ = decimal(number);
      number_ = number;
    }
    return PyRef::share(text_.get());
  }

  [[nodiscard]] static PyRef decimal(unsigned long long number) {
    char digits[20];
    const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return latin1({digits, static_cast<std::size_t>(end - digits)});
  }

 private:
  PyRef text_;
  unsigned number_ = 0;
};

}  // namespace headrace::worker
