// A worker is killed between any two instructions of its work with a request (row 179).
//
// The worker is a real process. It is run to some instruction, by single steps, and killed there.
// Its work consists of calls to the channel, and each of these either has happened or has not: what
// clients get is one of two answers, and within a call it changes from one to the other once.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "channel/worker_inbox.h"
#include "edge/relay_testing.h"
#include "edge/traced_worker_testing.h"
#include "os/temporary_file.h"

namespace headrace::edge {
namespace {

// What the worker does, in this order: a response in pieces, and one that is complete at once.
enum Stage : int {
  kTake,
  kHead,
  kBody,
  kFile,
  kFinish,
  kRelease,
  kTakeNext,
  kWhole,
  kSleep,
  kStageCount
};

const std::string kPart(300, 'p');
const std::string kFilePart = "from a file";
const std::string kWholeBody(200, 'w');

// What a client sees. `body` counts for status 200 alone.
struct Outcome {
  int status = 0;
  std::string body;
  bool finished = true;

  bool operator==(const Outcome&) const = default;
};
void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << outcome.status << " " << outcome.body << (outcome.finished ? "" : " (cut)");
}

const Outcome kLost{502, "", true};

// What the clients of /first and /second see when the worker ends exactly before `stage`. What it
// has not begun is answered by the other worker, with the path.
Outcome first_outcome(int stage) {
  if (stage <= kTake) return {200, "/first", true};
  if (stage <= kHead) return kLost;
  if (stage <= kBody) return {200, "", false};
  if (stage <= kFile) return {200, kPart, false};
  return {200, kPart + kFilePart, stage > kFinish};
}
Outcome second_outcome(int stage) {
  if (stage <= kTakeNext) return {200, "/second", true};
  return stage <= kWhole ? kLost : Outcome{200, kWholeBody, true};
}

Outcome seen(const RelayedRequest& request) {
  const FakeExchange& exchange = request.exchange;
  EXPECT_TRUE(request.done) << "a request hangs";
  EXPECT_TRUE(exchange.over());
  EXPECT_EQ(exchange.start_count, 1);
  if (exchange.status == 502) return kLost;
  return {exchange.status, exchange.body, exchange.finished};
}

void work(channel::WorkerInbox& inbox, int file, const TracedWorker::Before& before) {
  channel::TakenRequest taken;
  before(kTake);
  ASSERT(inbox.take(taken));
  channel::Reply first(std::move(taken));
  before(kHead);
  first.start(200, fields({{"x", "y"}}));
  ASSERT(first.flush_head());
  before(kBody);
  ASSERT(first.send(kPart) == kPart.size());
  first.announce();
  before(kFile);
  ASSERT(first.send_file(file, 0, kFilePart.size()));
  before(kFinish);
  ASSERT(first.finish());
  before(kRelease);
  ASSERT(first.release());
  channel::TakenRequest next;
  before(kTakeNext);
  ASSERT(inbox.take(next));
  channel::Reply second(std::move(next));
  before(kWhole);
  second.start(200, {});
  ASSERT(second.send_whole_and_release(kWholeBody));
  before(kSleep);
  (void)inbox.fall_asleep();
  before(kStageCount);
}

// An edge thread with two workers. One of them is to die; it has /first, /second and, prefetched,
// /third. The other one is at work on /other.
class Site final : public RelayFixture {
 public:
  Site()
      : RelayFixture(4),
        dying(attach(1, 3)),
        first(ask("/first")),
        second(ask("/second")),
        third(ask("/third")),
        other(attach(2, 3)),
        elsewhere(ask("/other")),
        running(other.begin("/other")) {
    ASSERT(third.worker_id() == 1);
    ASSERT(os::append_to_file(file.get(), kFilePart));
    running->start(200, {});
    ASSERT(running->flush_head());
    dispatch.pass();
    // What frames were written over is no frame.
    std::fill_n(dying.pair.memory.ring_at(0), kStaleSize, std::byte{0xee});
    (void)dispatch.dispatcher.pause();  // the edge sleeps
  }

  // The worker's work, in the worker's process.
  void run_worker(const TracedWorker::Before& before) {
    std::vector<std::unique_ptr<channel::WorkerEnd>> channels;
    channels.push_back(std::move(dying.pair.worker));
    const auto copy = [](const os::Doorbell& bell) {
      return os::Doorbell(os::FileDescriptor(::dup(bell.fd())));
    };
    channel::WorkerInbox inbox(std::move(channels), copy(dying.doorbells->leader),
                               copy(dying.doorbells->watcher));
    work(inbox, file.get(), before);
  }

  // What the dying worker has published so far.
  [[nodiscard]] std::vector<std::uint64_t> published() const {
    const channel::ChannelMemory& memory = dying.pair.memory;
    const channel::WorkerLine& line = memory.worker_line();
    std::vector<std::uint64_t> words{line.taken.load(), line.written.load(),
                                     line.leader_asleep.load(), memory.edge_line().asleep.load()};
    for (std::uint32_t index = 0; index < memory.geometry().slot_count; ++index) {
      const channel::Slot& slot = memory.slot(index);
      words.push_back(slot.state.load());
      words.push_back(slot.taken_at.load() != 0 ? 1 : 0);
    }
    return words;
  }

  // The other worker serves what there is; nothing is left over then.
  void finish() {
    ASSERT(running->send("served on") == 9 && running->finish() && running->release());
    constexpr int kRoundsMax = 8;
    for (int round = 0; round < kRoundsMax; ++round) {
      dispatch.pass();
      (void)other.serve();
    }
    dispatch.pass();
    EXPECT_EQ(seen(elsewhere), (Outcome{200, "served on", true}));
    EXPECT_EQ(seen(third), (Outcome{200, "/third", true}));
    EXPECT_FALSE(dispatch.dispatcher.busy());
    EXPECT_EQ(dispatch.dispatcher.queue_depth(), 0u);
    EXPECT_EQ(dispatch.dispatcher.worker_count(), 1u);
    EXPECT_EQ(other.end.in_flight(), 0u);
    EXPECT_EQ(other.seat.in_flight.load(), 0u);
    EXPECT_TRUE(dispatch.observer.condemned.empty())
        << "half a frame was taken for one: " << dispatch.observer.condemned.begin()->second;
    const RelayedRequest& fresh = ask("/fresh");
    EXPECT_EQ(other.serve(), 1);
    dispatch.pass();
    EXPECT_EQ(seen(fresh), (Outcome{200, "/fresh", true}));
  }

  static constexpr std::size_t kStaleSize = 4096;

  os::FileDescriptor file{os::create_temporary_file("/tmp").value()};
  TestWorker& dying;
  RelayedRequest& first;
  RelayedRequest& second;
  RelayedRequest& third;
  TestWorker& other;
  RelayedRequest& elsewhere;
  std::unique_ptr<channel::Reply> running;
};

// How the edge learns of a worker's end: having read what it wrote, or before that.
enum class Learns { kLater, kFirst };

// An instruction of a stage: so many after the worker has published something for so many times.
struct Moment {
  std::size_t publications = 0;
  std::uint32_t instructions = 0;
};

// Follows a worker through one stage.
class Follower final {
 public:
  Follower(Site& site, int stage)
      : site_(site),
        worker_(*TracedWorker::start([&](const auto& before) { site.run_worker(before); })) {
    worker_.run_to(stage);
    published_ = site_.published();
  }

  // Runs one instruction. False: the stage is over.
  [[nodiscard]] bool step() {
    if (!worker_.step()) return false;
    ++at_.instructions;
    std::vector<std::uint64_t> now = site_.published();
    if (now != published_) at_ = {.publications = at_.publications + 1, .instructions = 0};
    published_ = std::move(now);
    return true;
  }
  [[nodiscard]] bool before(const Moment& moment) const {
    return at_.publications < moment.publications ||
           (at_.publications == moment.publications && at_.instructions < moment.instructions);
  }
  [[nodiscard]] const Moment& at() const { return at_; }
  void kill() { worker_.kill(); }

 private:
  Site& site_;
  TracedWorker worker_;
  std::vector<std::uint64_t> published_;
  Moment at_;
};

// When the worker is to die in a stage: right after and right before each time that it publishes
// something, and evenly between.
std::vector<Moment> moments(int stage) {
  constexpr std::uint32_t kEvenly = 12;
  Site site;
  Follower follower(site, stage);
  std::vector<std::uint32_t> sizes{0};  // instructions after each publication, before the next
  std::uint32_t total = 0;
  for (; follower.step(); ++total) {
    sizes.resize(follower.at().publications + 1);
    sizes.back() = follower.at().instructions;
  }
  follower.kill();
  std::vector<Moment> chosen;
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    for (std::uint32_t at = 0; at < sizes[index]; at += total / kEvenly + 1) {
      chosen.push_back({index, at});
    }
    chosen.push_back({index, sizes[index]});
  }
  return chosen;
}

// What clients see of a worker that dies.
struct Death {
  Outcome first;
  Outcome second;
};

Death die(int stage, const Moment& moment, Learns learns) {
  Site site;
  Follower follower(site, stage);
  while (follower.before(moment)) {
    if (!follower.step()) break;  // a few instructions fewer than last time
  }
  EXPECT_GE(follower.at().publications, moment.publications);
  follower.kill();
  if (learns == Learns::kLater) site.dispatch.pass();
  site.dispatch.dispatcher.lose(1);
  site.finish();
  return {seen(site.first), seen(site.second)};
}

class WorkerDeathTest : public testing::TestWithParam<int> {};

// Wherever a worker dies, each of its requests has the outcome of before or after the call that it
// died in; those it had not begun, and all others, are served by the other worker.
TEST_P(WorkerDeathTest, Row179AtAnyInstruction) {
  const int stage = GetParam();
  const OneCpu one_cpu;
  {
    Site site;
    if (!TracedWorker::start([&](const auto& before) { site.run_worker(before); })) {
      GTEST_SKIP() << "processes may not be traced here (ptrace is not permitted)";
    }
  }
  bool first_changed = false;
  bool second_changed = false;
  for (const Moment& moment : moments(stage)) {
    for (const Learns learns : {Learns::kLater, Learns::kFirst}) {
      SCOPED_TRACE("stage " + std::to_string(stage) + ", " + std::to_string(moment.instructions) +
                   " instructions after publication " + std::to_string(moment.publications) +
                   (learns == Learns::kFirst ? ", told at once" : ""));
      const Death death = die(stage, moment, learns);
      // Once the call has had its effect it does not lose it.
      if (!first_changed) first_changed = death.first != first_outcome(stage);
      if (!second_changed) second_changed = death.second != second_outcome(stage);
      EXPECT_EQ(death.first, first_outcome(stage + (first_changed ? 1 : 0)));
      EXPECT_EQ(death.second, second_outcome(stage + (second_changed ? 1 : 0)));
      const bool begun = moment.publications + moment.instructions > 0;
      EXPECT_TRUE(begun || !(first_changed || second_changed));
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_EQ(first_changed, first_outcome(stage) != first_outcome(stage + 1));
  EXPECT_EQ(second_changed, second_outcome(stage) != second_outcome(stage + 1));
}

INSTANTIATE_TEST_SUITE_P(Stages, WorkerDeathTest, testing::Range(0, int{kStageCount}));

}  // namespace
}  // namespace headrace::edge
