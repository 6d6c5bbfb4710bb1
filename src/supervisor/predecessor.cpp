// From heir to being in charge.
#include "supervisor/predecessor.h"

#include <utility>

#include "base/log.h"
#include "os/packet_socket.h"
#include "os/process.h"
#include "supervisor/keeper.h"

namespace headrace::supervisor {
namespace {

// The link closes a moment before its process is gone and this one has another parent.
constexpr auto kParentCheckDelay = std::chrono::milliseconds(10);

void say(const os::FileDescriptor& link, const SuccessionMessage& message) {
  const Result<void> sent = os::send_packet(link.get(), render(message));
  if (!sent) log::error("the process before cannot be told anything: {}", sent.error().message);
}

}  // namespace

void report_failed_succession(const os::FileDescriptor& link, const std::string& message) {
  say(link, HeirFailed{message});
}

Predecessor::Predecessor(os::Loop& loop, Inheritance inheritance, PredecessorObserver& observer)
    : inheritance_(std::move(inheritance)),
      observer_(observer),
      pid_(os::parent_process_id()),
      link_watch_(loop, [this] { on_link(); }),
      parent_check_(loop, [this] { follow_keeper(); }) {}

void Predecessor::report_ready() {
  if (!std::exchange(reported_, true))
    say(inheritance_.link, HeirReady{.version = HEADRACE_VERSION});
}

void Predecessor::report_failed(const std::string& message) const {
  if (!in_charge_) report_failed_succession(inheritance_.link, message);
}

void Predecessor::report_serving() const { say(inheritance_.link, HeirServing{}); }

void Predecessor::on_link() {
  const bool closed =
      os::receive_packets(inheritance_.link.get(), [this](const os::Packet& packet) {
        const auto message = parse_succession_message(packet.bytes);
        if (message && std::holds_alternative<TakeOver>(*message) && !in_charge_) take_over();
      });
  if (!closed) return;
  link_watch_.stop();
  if (!in_charge_) return observer_.on_forsaken();
  follow_keeper();
}

void Predecessor::take_over() {
  in_charge_ = true;
  os::outlive_parent();
  if (inheritance_.keeper.socket.valid()) claim_charge(inheritance_.keeper.socket);
  observer_.on_take_over();
}

void Predecessor::follow_keeper() {
  const pid_t keeper = inheritance_.keeper.pid;
  if (keeper == 0) return;
  const pid_t parent = os::parent_process_id();
  if (parent == pid_ && parent != keeper) return parent_check_.set_in(kParentCheckDelay);
  if (!os::follow_parent(keeper)) observer_.on_forsaken();
}

}  // namespace headrace::supervisor
