// Request by request.
#include "admin/control_session.h"

#include <array>

#include "admin/requests.h"
#include "base/log.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

}  // namespace

class ControlSession::Reply final : public Progress {
 public:
  explicit Reply(std::weak_ptr<ControlSession> session) : session_(std::move(session)) {}

  void say(std::string_view line) override {
    if (const auto session = session_.lock()) session->send({{"progress", line}});
  }

  void finish(const Outcome& outcome, Json details) override {
    const auto session = session_.lock();
    session_.reset();
    if (!session || session->over()) return;
    details["ok"] = outcome.done;
    if (!outcome.message.empty()) details[outcome.done ? "message" : "error"] = outcome.message;
    session->send(details);
    session->waits_for_answer_ = false;
    if (!session->over()) session->connection_->waiter().wake();
  }

 private:
  std::weak_ptr<ControlSession> session_;
};

std::shared_ptr<ControlSession> ControlSession::start(os::Loop& loop, os::FileDescriptor socket,
                                                      Operations& operations) {
  std::shared_ptr<ControlSession> session(new ControlSession(loop, std::move(socket), operations));
  if (const Result<void> opened = session->connection_->open(); !opened) {
    log::warning("a control connection cannot be watched: {}", opened.error().message);
    session->connection_.reset();
    return session;
  }
  os::spawn(run(session));
  return session;
}

ControlSession::ControlSession(os::Loop& loop, os::FileDescriptor socket, Operations& operations)
    : loop_(loop),
      operations_(operations),
      connection_(std::make_unique<net::Connection>(loop, std::move(socket), os::SocketAddress{})) {
}

void ControlSession::end() {
  ending_ = true;
  if (connection_ != nullptr) connection_->waiter().wake();
}

os::Task<void> ControlSession::run(std::shared_ptr<ControlSession> self) {
  while (true) {
    const bool has_request = co_await self->read_request();
    if (!has_request) break;
    self->waits_for_answer_ = true;
    perform(self->request_, self->operations_, std::make_shared<Reply>(self));
    const bool goes_on = co_await self->answered();
    if (!goes_on) break;
  }
  self->connection_.reset();
}

// Puts the next line into request_. False when none will come.
os::Task<bool> ControlSession::read_request() {
  const os::Instant deadline = loop_.now() + kIdleMax;
  while (!ending_ && !connection_->broken()) {
    if (const std::size_t end = input_.find('\n'); end != std::string::npos) {
      request_ = input_.substr(0, end);
      input_.erase(0, end + 1);
      co_return true;
    }
    if (input_.size() > kRequestSizeMax) {
      send({{"ok", false}, {"error", "the request is too long"}});
      co_return false;
    }
    if (!connection_->readable()) {
      const os::Wake wake = co_await connection_->waiter().wait(deadline);
      if (wake == os::Wake::kDeadline) co_return false;
      continue;
    }
    std::array<char, kRequestSizeMax> bytes;
    const os::Transfer got = connection_->read(bytes);
    if (got.kind == os::Transfer::kEnd || got.kind == os::Transfer::kBroken) co_return false;
    if (got.kind == os::Transfer::kMoved) input_.append(bytes.data(), got.size);
  }
  co_return false;
}

// Waits until the request is finished and all that was said is with the kernel. False when nobody
// is there to hear it.
os::Task<bool> ControlSession::answered() {
  while (!ending_ && !connection_->broken()) {
    const bool has_unsent = connection_->unsent_bytes() != 0;
    if (!waits_for_answer_ && !has_unsent) co_return true;
    const os::Instant deadline =
        has_unsent ? connection_->last_progress() + kUntakenMax : os::kNever;
    if (has_unsent && loop_.now() >= deadline) co_return false;
    co_await connection_->waiter().wait(deadline);
  }
  co_return false;
}

void ControlSession::send(const Json& line) {
  if (connection_ == nullptr) return;
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (connection_->unsent_bytes() + text.size() > kUnsentMax) {
    connection_->reset();
    connection_->waiter().wake();
    return;
  }
  connection_->write(text);
}

}  // namespace headrace::admin
