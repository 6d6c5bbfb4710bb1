// Turn: who may use a request's reply and body while the GIL is let go.
//
// An application may hand wsgi.input or write() to another thread. Under the GIL that is safe by
// itself; in a wait without the GIL it is not. So whoever may wait has the turn, and the thread
// that serves the request ends it only when it has the turn itself.
#pragma once

#include <time.h>

#include "worker/python.h"

namespace headrace::worker {

// Guarded by the GIL.
struct Turn {
  bool taken = false;
};

// Has the turn of *place while it lives. `place` is a pointer that another thread sets to null,
// with the turn, before it destroys the object; Object has a method turn().
template <class Object>
class TakeTurn final {
 public:
  // Waits, without the GIL, until nobody else has the turn or the object is gone.
  explicit TakeTurn(Object* const& place) {
    while (place != nullptr && place->turn().taken) {
      const WithoutGil waiting;
      const timespec moment{0, 1'000'000};
      nanosleep(&moment, nullptr);
    }
    object_ = place;
    if (object_ != nullptr) object_->turn().taken = true;
  }
  ~TakeTurn() {
    if (object_ != nullptr) object_->turn().taken = false;
  }
  TakeTurn(const TakeTurn&) = delete;
  TakeTurn& operator=(const TakeTurn&) = delete;

  [[nodiscard]] explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] Object* operator->() const { return object_; }
  [[nodiscard]] Object& operator*() const { return *object_; }

 private:
  Object* object_ = nullptr;
};

}  // namespace headrace::worker
