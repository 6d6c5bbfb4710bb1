// Two real edges on one listening socket: the connections of the first go to the second, and no
// client notices. What needs no worker is answered, everything else waits in the queue.
#include "supervisor/edge_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "edge/edge.h"
#include "os/packet_socket.h"
#include "os/socket_testing.h"

namespace headrace::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;
constexpr std::string_view kOptions = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A blocking client that knows how much it was answered.
class Client final {
 public:
  explicit Client(os::FileDescriptor socket) : socket_(std::move(socket)) {
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  // The next response, which has no body or a length; "" when the connection has ended.
  std::string receive() {
    while (true) {
      const std::size_t head_end = arrived_.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const std::size_t length_at = arrived_.find("content-length: ");
        const std::size_t body =
            length_at < head_end ? std::stoul(arrived_.substr(length_at + 16)) : 0;
        if (arrived_.size() >= head_end + 4 + body) {
          const std::string response = arrived_.substr(0, head_end + 4 + body);
          arrived_.erase(0, response.size());
          return response;
        }
      }
      std::array<char, 4096> buffer;
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      EXPECT_GE(count, 0) << "reset, or no answer";
      if (count <= 0) return "";
      arrived_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  void ask() {
    send(kOptions);
    ASSERT_TRUE(receive().starts_with("HTTP/1.1 204 "));
  }

 private:
  os::FileDescriptor socket_;
  std::string arrived_;
};

class EdgeProcessTest : public testing::Test, public EdgeOwner {
 protected:
  EdgeProcessTest() {
    os::raise_descriptor_limit();
    listener_ = std::move(os::listen_tcp("127.0.0.1", 0, 4096).value().front().fd);
    settings_.connections_max = 5000;
    settings_.temp_dir = folder_.path();
    auto ends = os::packet_socket_pair().value();
    giver_end_ = std::move(ends.first);
    taker_end_ = std::move(ends.second);
  }

  void on_worker_detached(std::uint32_t) override {}
  void on_worker_condemned(std::uint32_t, const std::string&) override {}
  void on_request_overdue(std::uint32_t, const OverdueRequest&) override {}
  void on_worker_stuck(std::uint32_t, const std::string&) override {}
  void on_edge_gone() override {}

  [[nodiscard]] static edge::Scoreboard new_scoreboard() {
    return edge::Scoreboard::create().value();
  }

  [[nodiscard]] std::unique_ptr<EdgeProcess> start_edge() {
    auto edge = EdgeProcess::start(*loop_, service_, scoreboards_.emplace_back(new_scoreboard()),
                                   {listener_.get()}, edge::Acceptance::kAtOnce, edge::run, *this)
                    .value();
    EXPECT_TRUE(pass_until([&] { return edge->has_listened(); }));
    return edge;
  }

  // Clients of the edges that accept now, in the order of their connections.
  void connect(std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) {
      clients_.emplace_back(os::connect_tcp(os::local_address(listener_.get()).port));
    }
    for (Client& client : clients_) client.ask();
  }

  // The supervisor's end of what an upgrade does; its own copies of the socket must not live on.
  void move_connections() {
    giver_->hand_over(giver_end_.get());
    giver_end_.reset();
    taker_->adopt(taker_end_.get());
    taker_end_.reset();
  }

  [[nodiscard]] bool pass_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_->run_once(std::chrono::steady_clock::now() + 2ms);
    }
    return true;
  }

  // The giver has nothing left, and says that all went well.
  void expect_giver_ends() {
    ASSERT_TRUE(pass_until([this] { return !giver_->end_reason().empty(); }));
    EXPECT_TRUE(giver_->ended_well()) << giver_->end_reason();
  }

  const os::SteadyClock clock_;
  std::unique_ptr<os::Loop> loop_ = os::Loop::create(clock_).value();
  TemporaryFolder folder_;
  Service service_;
  config::Settings& settings_ = service_.settings;
  std::deque<edge::Scoreboard> scoreboards_;  // one an edge
  os::FileDescriptor listener_;
  os::FileDescriptor giver_end_;
  os::FileDescriptor taker_end_;
  std::unique_ptr<EdgeProcess> giver_;
  std::unique_ptr<EdgeProcess> taker_;
  std::vector<Client> clients_;
};

// Two thousand connections that wait for nothing are served by the other edge from then on.
TEST_F(EdgeProcessTest, MovesManyIdleConnections) {
  giver_ = start_edge();
  connect(2000);
  taker_ = start_edge();
  move_connections();
  expect_giver_ends();
  for (Client& client : clients_) client.ask();
  connect(1);
}

// The threads of both edges take part.
TEST_F(EdgeProcessTest, MovesBetweenEdgesWithSeveralThreads) {
  settings_.edge_threads = 3;
  giver_ = start_edge();
  connect(300);
  taker_ = start_edge();
  move_connections();
  expect_giver_ends();
  for (Client& client : clients_) client.ask();
}

// Clients that ask all the time, also several requests at once, get an answer to each.
TEST_F(EdgeProcessTest, LosesNoRequestOfBusyClients) {
  giver_ = start_edge();
  connect(200);
  taker_ = start_edge();
  const std::string three = std::string(kOptions) + std::string(kOptions) + std::string(kOptions);
  for (int round = 0; round < 30; ++round) {
    if (round == 5) move_connections();
    for (std::size_t index = 0; index < clients_.size(); ++index) {
      // Some bytes of a request now and the others a little later.
      const std::size_t cut = (index * 7 + static_cast<std::size_t>(round)) % three.size();
      clients_[index].send(three.substr(0, cut));
    }
    for (std::size_t index = 0; index < clients_.size(); ++index) {
      const std::size_t cut = (index * 7 + static_cast<std::size_t>(round)) % three.size();
      if (cut < three.size()) clients_[index].send(three.substr(cut));
    }
    for (Client& client : clients_) {
      for (int count = 0; count < 3; ++count) {
        ASSERT_TRUE(client.receive().starts_with("HTTP/1.1 204 "));
      }
    }
  }
  expect_giver_ends();
}

// A connection whose request is being served goes after its response, which does not end it.
TEST_F(EdgeProcessTest, MovesBusyConnectionsAfterTheirResponse) {
  settings_.queue_timeout = 300ms;
  giver_ = start_edge();
  connect(1);
  clients_.front().send(kGet);
  taker_ = start_edge();
  move_connections();
  const std::string response = clients_.front().receive();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 50")) << response;
  EXPECT_EQ(response.find("connection: close"), std::string::npos) << response;
  expect_giver_ends();
  clients_.front().ask();
}

// Nothing changes for anybody before the other edge is there.
TEST_F(EdgeProcessTest, ServesOnUntilTheOtherEdgeGreets) {
  giver_ = start_edge();
  connect(10);
  giver_->hand_over(giver_end_.get());
  giver_end_.reset();
  connect(10);
  taker_ = start_edge();
  taker_->adopt(taker_end_.get());
  taker_end_.reset();
  expect_giver_ends();
  for (Client& client : clients_) client.ask();
}

// While the other edge does not read, its socket fills up: who is left is served where he is.
TEST_F(EdgeProcessTest, ServesWhatTheOtherEdgeCannotTakeYet) {
  giver_ = start_edge();
  connect(1500);
  taker_ = start_edge();
  taker_->adopt(taker_end_.get());
  taker_end_.reset();
  os::wait_readable(giver_end_.get());  // the greeting
  ::kill(taker_->pid(), SIGSTOP);
  giver_->hand_over(giver_end_.get());
  giver_end_.reset();
  for (int count = 0; count < 20; ++count) clients_.back().ask();
  ::kill(taker_->pid(), SIGCONT);
  expect_giver_ends();
  for (Client& client : clients_) client.ask();
}

// Without another edge the connections end in order, and the edge with them.
TEST_F(EdgeProcessTest, DrainsWhenNobodyTakes) {
  giver_ = start_edge();
  connect(20);
  giver_->hand_over(giver_end_.get());
  taker_end_.reset();
  expect_giver_ends();
  for (Client& client : clients_) EXPECT_EQ(client.receive(), "");
}

// The same when the other edge dies half-way; what it had taken dies with it.
TEST_F(EdgeProcessTest, DrainsWhenTheOtherEdgeDies) {
  settings_.queue_timeout = 300ms;
  giver_ = start_edge();
  connect(20);
  clients_.front().send(kGet);
  taker_ = start_edge();
  move_connections();
  const std::filesystem::path descriptors = fmt::format("/proc/{}/fd", taker_->pid());
  ASSERT_TRUE(pass_until([&] {
    return std::distance(std::filesystem::directory_iterator(descriptors), {}) > 20;
  })) << "the idle ones are there";
  taker_->kill("the test wants it");
  const std::string response = clients_.front().receive();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 50")) << response;
  EXPECT_EQ(clients_.front().receive(), "");
  expect_giver_ends();
}

// A second hand-over while the first still has a connection to give: nothing is lost between them.
TEST_F(EdgeProcessTest, MovesOnToAThirdEdge) {
  settings_.queue_timeout = 300ms;
  giver_ = start_edge();
  connect(20);
  clients_.front().send(kGet);
  taker_ = start_edge();
  move_connections();
  const auto third = start_edge();
  auto ends = os::packet_socket_pair().value();
  taker_->hand_over(ends.first.get());
  third->adopt(ends.second.get());
  ends.first.reset();
  ends.second.reset();
  EXPECT_TRUE(clients_.front().receive().starts_with("HTTP/1.1 50"));
  expect_giver_ends();
  ASSERT_TRUE(pass_until([this] { return !taker_->end_reason().empty(); }));
  EXPECT_TRUE(taker_->ended_well()) << taker_->end_reason();
  for (Client& client : clients_) client.ask();
}

// A hand-over that takes too long can be cut short.
TEST_F(EdgeProcessTest, CanDrainInstead) {
  settings_.queue_timeout = 300ms;
  giver_ = start_edge();
  connect(2);
  clients_.front().send(kGet);
  giver_->hand_over(giver_end_.get());
  giver_->drain();
  EXPECT_NE(clients_.front().receive().find("connection: close"), std::string::npos);
  EXPECT_EQ(clients_.back().receive(), "");
  expect_giver_ends();
}

}  // namespace
}  // namespace headrace::supervisor
