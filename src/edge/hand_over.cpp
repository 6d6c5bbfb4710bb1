// Rounds over the sessions, cut into turns.
#include "edge/hand_over.h"

#include "edge/hand_over_socket.h"

namespace headrace::edge {
namespace {

// About half a millisecond of a turn, so that the connections that are served here hardly notice.
constexpr int kGivenPerTurnMax = 64;
constexpr os::Duration kPauseBetweenTurns = std::chrono::milliseconds(1);

}  // namespace

bool HandOver::give(int connection, std::string_view unread) {
  // It comes back here when it has served some of that.
  if (unread.size() > kUnreadSizeMax) return false;
  if (!must_pause()) {
    switch (give_connection(socket_->get(), connection, unread)) {
      case Given::kGiven:
        ++given_in_turn_;
        continue_soon();
        return true;
      case Given::kFull:
        full_ = true;
        break;
      case Given::kGone:
        taker_gone_ = true;
        break;
    }
  }
  another_round_ = true;
  continue_soon();
  return false;
}

bool HandOver::must_pause() const {
  return full_ || taker_gone_ || given_in_turn_ == kGivenPerTurnMax;
}

void HandOver::continue_soon() {
  if (!armed()) loop_.timers().arm(*this, loop_.now() + kPauseBetweenTurns);
}

void HandOver::on_deadline() {
  if (taker_gone_) return observer_.on_taker_gone();
  given_in_turn_ = 0;
  full_ = false;
  if (another_round_ || !unasked_.empty()) ask_sessions();
}

void HandOver::ask_sessions() {
  if (unasked_.empty()) {
    another_round_ = false;
    unasked_.take_all(sessions_);
  }
  while (!unasked_.empty() && !must_pause()) {
    http1::Session& session = unasked_.pop_front();
    sessions_.push_back(session);
    session.reconsider();  // may destroy it
  }
  if (!unasked_.empty()) continue_soon();
}

}  // namespace headrace::edge
