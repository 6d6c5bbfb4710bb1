// The server with real clients: answers in order, and bounds that hold.
#include "admin/control_server.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_testing.h"
#include "admin/control_client.h"
#include "os/stream_socket.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kPatience = 10s;

class ControlServerTest : public testing::Test {
 protected:
  // What a client that speaks for itself reads until the connection is closed.
  static std::string read_all(int socket) {
    std::string text;
    std::array<char, 4096> bytes;
    while (os::wait_readable_for(socket, kPatience)) {
      const os::Transfer got = os::read_socket(socket, bytes);
      if (got.kind != os::Transfer::kMoved) return text;
      text.append(bytes.data(), got.size);
    }
    return text + "(not closed)";
  }

  // Sends `bytes`, then FIN, and reads all.
  std::string talk(const std::string& bytes) {
    const os::FileDescriptor socket = os::connect_unix(path_).value();
    EXPECT_EQ(os::write_socket(socket.get(), bytes).size, bytes.size());
    os::finish_writing(socket.get());
    return read_all(socket.get());
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("control.sock");
  FakeOperations operations_;
  ServerThread server_{path_, operations_};
};

TEST_F(ControlServerTest, AnswersOneRequestAfterTheOther) {
  ControlClient client = ControlClient::connect(path_).value();
  EXPECT_EQ(client.ask({{"command", "status"}}, kPatience).value().at("phase"), "serving");
  EXPECT_EQ(client.ask({{"command", "add_workers"}, {"count", 2}}, kPatience).value().dump(),
            R"({"message":"add 2","ok":true})");
}

// Steps come before the end; one that is not done has its reason under "error".
TEST_F(ControlServerTest, TellsTheStepsOfAnOperation) {
  std::vector<std::string> steps;
  const auto answer = ControlClient::connect(path_).value().ask(
      {{"command", "reload"}}, kPatience,
      [&steps](std::string_view step) { steps.emplace_back(step); });
  EXPECT_THAT(steps, ElementsAre("reads headrace.toml", "starts a worker"));
  EXPECT_EQ(answer.value().dump(), R"({"error":"headrace.toml:3: no","line":3,"ok":false})");
}

// As `printf ... | nc -U` does it: all requests at once, then FIN.
TEST_F(ControlServerTest, AnswersAClientThatHasFinishedSending) {
  EXPECT_EQ(talk("{\"command\":\"status\"}\n{\"command\":\"identity\"}\n"),
            "{\"ok\":true,\"phase\":\"serving\"}\n"
            "{\"directory\":\"/srv/shop\",\"ok\":true,\"pid\":1}\n");
}

TEST_F(ControlServerTest, RefusesNonsense) {
  EXPECT_THAT(talk("GET / HTTP/1.1\n"), HasSubstr("a request is a JSON object on one line"));
  EXPECT_THAT(talk("\n"), HasSubstr("\"ok\":false"));
  EXPECT_THAT(talk(std::string(2 * ControlSession::kRequestSizeMax, 'x')),
              HasSubstr("the request is too long"));
  EXPECT_EQ(talk("{\"command\":\"sta"), "");
}

// An operation that outlives its client has nobody to tell, and does no harm.
TEST_F(ControlServerTest, SurvivesAClientThatLeaves) {
  {
    const os::FileDescriptor socket = os::connect_unix(path_).value();
    const std::string_view request = "{\"command\":\"stop\"}\n";
    ASSERT_EQ(os::write_socket(socket.get(), request).size, request.size());
    ControlClient other = ControlClient::connect(path_).value();
    bool asked = false;
    while (!asked) {
      ASSERT_TRUE(other.ask({{"command", "status"}}, kPatience));
      server_.on_thread([&] { asked = !operations_.open.empty(); });
    }
  }
  server_.on_thread([this] {
    operations_.open.front()->say("goes on");
    operations_.open.front()->finish({.message = "stopped"});
  });
  EXPECT_TRUE(ask_once(path_, {{"command", "status"}}, kPatience));
}

TEST_F(ControlServerTest, BoundsTheNumberOfConnections) {
  std::vector<ControlClient> clients;
  for (std::size_t count = 0; count < ControlServer::kSessionsMax; ++count) {
    clients.push_back(ControlClient::connect(path_).value());
    ASSERT_TRUE(clients.back().ask({{"command", "status"}}, kPatience));
  }
  const os::FileDescriptor one_more = os::connect_unix(path_).value();
  EXPECT_THAT(read_all(one_more.get()), HasSubstr("too many commands run at once"));
  clients.pop_back();
  // The server sees the end of that one in its own time.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool let_in = false;
  while (!let_in && std::chrono::steady_clock::now() < deadline) {
    const auto answer = ask_once(path_, {{"command", "status"}}, kPatience);
    let_in = answer && answer->value("ok", false);
  }
  EXPECT_TRUE(let_in);
}

// The end of the server: the file first, then the connections, so that a new one can follow.
TEST(ControlServerEnd, RemovesTheFile) {
  const TemporaryFolder folder;
  FakeOperations operations;
  auto server = std::make_unique<ServerThread>(folder.path("control.sock"), operations);
  ControlClient client = ControlClient::connect(folder.path("control.sock")).value();
  ASSERT_TRUE(client.ask({{"command", "status"}}, kPatience));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(folder.path("control.sock")));
  EXPECT_EQ(client.ask({{"command", "status"}}, kPatience).error().message,
            "the server takes no command");
}

}  // namespace
}  // namespace headrace::admin
