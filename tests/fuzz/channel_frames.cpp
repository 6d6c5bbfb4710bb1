// The edge's end of a channel whose memory a worker may write as it likes: whatever the order of
// what both do, the edge reads frames that make sense, inside of the ring, or refuses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "channel/channel_pair_testing.h"

namespace headrace::channel {
namespace {

// Reads the input as numbers; zeros behind its end.
class Script final {
 public:
  explicit Script(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() { return number<std::uint8_t>(); }
  template <class Number>
  Number number() {
    Number value{};
    const std::string_view bytes = take(sizeof value);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&value));
    return value;
  }
  std::string_view take(std::size_t size) {
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view rest_;
};

class Game final {
 public:
  explicit Game(std::string_view input) : script_(input) {}

  void play() {
    while (!script_.empty() && !condemned_) {
      switch (script_.byte() % 8) {
        case 0:
          submit();
          break;
        case 1:
          take();
          break;
        case 2:
          write_frame();
          break;
        case 3:
          write_ring();
          break;
        case 4:
          write_anywhere();
          break;
        case 5:
          act_on_a_request();
          break;
        default:
          read();
      }
    }
    if (!condemned_) read();
  }

 private:
  static constexpr std::uint32_t kSlotCount = kSmallGeometry.slot_count;

  void submit() {
    static const std::string body(20'000, 'b');
    RequestBody request_body;
    switch (script_.byte() % 4) {
      case 0:
        request_body = {.kind = BodyKind::kMemory, .bytes = body};
        break;
      case 1:
        request_body = {.kind = BodyKind::kStream, .size = kUnknownSize, .stream_capacity = 256};
        break;
      default:
        break;
    }
    if (const auto use = pair_.submit("/", request_body, this)) uses_.push_back(*use);
  }

  // As the worker does it, without believing the memory: this process is not the one to crash.
  void take() {
    const std::uint32_t slot = script_.byte() % kSlotCount;
    std::atomic<std::uint32_t>& state = pair_.memory.slot(slot).state;
    state.store(state.load() / 4 * 4 + script_.byte() % 4);
    pair_.memory.worker_line().taken.fetch_add(1);
  }

  // A frame that is right where the script does not change it.
  void write_frame() {
    const std::uint32_t slot = script_.byte() % (kSlotCount + 1);
    const std::uint32_t generation =
        slot < kSlotCount ? pair_.memory.slot(slot).state.load() >> 2 : 0;
    FrameHeader header{.slot = slot,
                       .generation = generation,
                       .kind = static_cast<FrameKind>(script_.byte()),
                       .flags = script_.byte(),
                       .head_size = script_.byte(),
                       .body_size = script_.number<std::uint16_t>(),
                       .status = script_.number<std::uint16_t>(),
                       .file_offset = script_.number<std::uint64_t>(),
                       .file_size = script_.number<std::uint64_t>()};
    header.size = frame_size(header.head_size, header.body_size);
    append(&header, sizeof header, header.size);
    const std::string_view head = script_.take(header.head_size);
    std::memcpy(pair_.memory.ring_at(written() - header.size + sizeof header), head.data(),
                head.size());
  }

  void write_ring() {
    const std::string_view bytes = script_.take(script_.byte());
    append(bytes.data(), bytes.size(), script_.number<std::uint16_t>());
  }

  // Over the lines, the submissions and the slots: all before the arena. Nothing else is read.
  void write_anywhere() {
    const Layout& layout = pair_.memory.layout();
    auto* const start = reinterpret_cast<std::byte*>(&pair_.memory.edge_line());
    const std::size_t size = layout.arena - layout.edge_line;
    const std::size_t offset = script_.number<std::uint16_t>() % size;
    const std::string_view bytes = script_.take(script_.byte() % 64);
    std::memcpy(start + offset, bytes.data(), std::min(bytes.size(), size - offset));
  }

  void act_on_a_request() {
    if (uses_.empty()) return;
    const std::size_t index = script_.byte() % uses_.size();
    const SlotUse use = uses_[index];
    switch (script_.byte() % 6) {
      case 0:
        if (pair_.edge->revoke(use))
          uses_.erase(uses_.begin() + static_cast<std::ptrdiff_t>(index));
        break;
      case 1: {
        const std::uint32_t in_flight = pair_.edge->in_flight();
        pair_.edge->abandon(use);
        if (pair_.edge->in_flight() != in_flight) {
          uses_.erase(uses_.begin() + static_cast<std::ptrdiff_t>(index));
        }
        break;
      }
      case 2:
        pair_.edge->tell(use, kBodyBroken);
        break;
      case 3:
        pair_.edge->add_credit(use, script_.byte());
        break;
      case 4: {
        const std::uint32_t room = pair_.edge->body_room(use);
        ASSERT(room <= 256);
        pair_.edge->append_body(use, std::string(room, 's'));
        break;
      }
      default:
        pair_.edge->disown(use);
    }
  }

  void read() {
    Frame frame;
    while (true) {
      const ReadFrame read = pair_.edge->read_frame(frame);
      condemned_ = read == ReadFrame::kNonsense;
      ASSERT(condemned_ == (pair_.edge->nonsense() != nullptr));
      if (read != ReadFrame::kFrame) break;
      check(frame);
      read_ += frame.header.size;
      pair_.edge->finish_frame(frame);
    }
    pair_.edge->finish_reading();
    pair_.edge->fall_asleep();
    (void)pair_.edge->has_frames();
    pair_.edge->wake_up();
    ASSERT(pair_.edge->untaken() <= 2 * kSlotCount);
    (void)pair_.edge->take_leader_asleep();
    ASSERT(pair_.edge->in_flight() == uses_.size());
  }

  void check(const Frame& frame) {
    ASSERT(frame.header.slot < kSlotCount);
    const auto use = std::ranges::find(uses_, frame.header.slot, &SlotUse::slot);
    ASSERT(use != uses_.end() && use->generation == frame.header.generation);
    ASSERT(frame.owner == this || frame.owner == nullptr);
    // The slices are the bytes behind the header, wherever the ring's end is.
    const std::string_view payload(
        reinterpret_cast<const char*>(pair_.memory.ring_at(read_)) + sizeof(FrameHeader),
        frame.head.size() + frame.body.size());
    ASSERT(frame.header.size >= sizeof(FrameHeader) + payload.size());
    ASSERT(frame.head == payload.substr(0, frame.head.size()));
    ASSERT(frame.body == payload.substr(frame.head.size()));
    std::size_t field_bytes = 0;
    FieldReader fields(frame.head);
    std::string_view name;
    std::string_view value;
    while (fields.next(name, value)) field_bytes += kFieldPrefixSize + name.size() + value.size();
    ASSERT(field_bytes <= frame.head.size());
    if (frame.header.kind == FrameKind::kFile) ASSERT(!pair_.edge->claim_file(frame).valid());
    if (frame.header.kind == FrameKind::kReleased || (frame.header.flags & kRelease) != 0) {
      uses_.erase(use);
    }
  }

  [[nodiscard]] std::uint64_t written() const { return pair_.memory.worker_line().written.load(); }
  void append(const void* bytes, std::size_t size, std::uint64_t advance) {
    std::memcpy(pair_.memory.ring_at(written()), bytes, size);
    pair_.memory.worker_line().written.fetch_add(advance);
  }

  Script script_;
  ChannelPair pair_;
  std::vector<SlotUse> uses_;  // what the edge should think that the worker has
  std::uint64_t read_ = 0;
  bool condemned_ = false;
};

}  // namespace
}  // namespace headrace::channel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  headrace::channel::Game game({reinterpret_cast<const char*>(data), size});
  game.play();
  return 0;
}
