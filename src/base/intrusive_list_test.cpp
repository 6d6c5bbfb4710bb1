// A list whose members come and go by themselves.
#include "base/intrusive_list.h"

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace headrace {
namespace {

struct Waiting;
struct Busy;

// Can be in two lists at once, one of each tag.
struct Member final : ListNode<Waiting>, ListNode<Busy> {
  explicit Member(int member_number) : number(member_number) {}
  int number;
};

using WaitingList = IntrusiveList<Member, Waiting>;
using BusyList = IntrusiveList<Member, Busy>;

void leave(Member& member) { member.ListNode<Waiting>::unlink(); }
bool waits(const Member& member) { return member.ListNode<Waiting>::linked(); }

std::vector<int> drain(WaitingList& list) {
  std::vector<int> numbers;
  while (!list.empty()) numbers.push_back(list.pop_front().number);
  return numbers;
}

// Both ends take members, and the order is kept.
TEST(IntrusiveList, KeepsOrder) {
  WaitingList list;
  EXPECT_TRUE(list.empty());
  Member a(1), b(2), c(3);
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  EXPECT_EQ(list.front().number, 1);
  EXPECT_EQ(list.back().number, 3);
  EXPECT_EQ(drain(list), (std::vector{1, 2, 3}));
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(waits(a));
}

// A member leaves by itself: when told to, and when it is destroyed.
TEST(IntrusiveList, MembersLeaveWithoutTheirList) {
  WaitingList list;
  Member a(1), c(3);
  std::optional<Member> b(2);
  list.push_back(a);
  list.push_back(*b);
  list.push_back(c);
  b.reset();
  leave(a);
  leave(a);  // once more is harmless
  EXPECT_EQ(drain(list), (std::vector{3}));
}

// A list that ends lets its members go.
TEST(IntrusiveList, ReleasesMembersAtItsEnd) {
  Member a(1);
  {
    WaitingList list;
    list.push_back(a);
    EXPECT_TRUE(waits(a));
  }
  EXPECT_FALSE(waits(a));
  WaitingList another;
  another.push_back(a);
  EXPECT_EQ(drain(another), (std::vector{1}));
}

// Lists of different tags do not disturb each other.
TEST(IntrusiveList, TagsAreIndependent) {
  Member a(1), b(2);
  WaitingList waiting;
  BusyList busy;
  waiting.push_back(a);
  waiting.push_back(b);
  busy.push_back(b);
  busy.push_back(a);
  leave(a);
  EXPECT_EQ(busy.pop_front().number, 2);
  EXPECT_EQ(busy.pop_front().number, 1);
  EXPECT_EQ(drain(waiting), (std::vector{2}));
}

// take_all() appends the other list's members in their order and empties it.
TEST(IntrusiveList, TakesAll) {
  Member a(1), b(2), c(3);
  WaitingList first, second;
  first.push_back(a);
  second.push_back(b);
  second.push_back(c);
  first.take_all(second);
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(drain(first), (std::vector{1, 2, 3}));
}

// A member that joins twice is our own bug.
TEST(IntrusiveListDeathTest, RefusesMembersOfAList) {
  Member a(1);
  WaitingList list;
  list.push_back(a);
  EXPECT_DEATH(list.push_back(a), "ASSERT");
}

// After any sequence of operations the list equals a deque that went through the same.
TEST(IntrusiveList, EqualsADeque) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Member>> members;
  for (int number = 0; number < 20; ++number) members.push_back(std::make_unique<Member>(number));
  WaitingList list;
  std::deque<int> model;
  for (int step = 0; step < 20'000; ++step) {
    std::unique_ptr<Member>& member = members[random() % members.size()];
    const int number = member->number;
    switch (random() % 5) {
      case 0:
        if (waits(*member)) break;
        list.push_back(*member);
        model.push_back(number);
        break;
      case 1:
        if (waits(*member)) break;
        list.push_front(*member);
        model.push_front(number);
        break;
      case 2:
        if (model.empty()) break;
        ASSERT_EQ(list.pop_front().number, model.front());
        model.pop_front();
        break;
      case 3:
        leave(*member);
        std::erase(model, number);
        break;
      default:
        member = std::make_unique<Member>(number);
        std::erase(model, number);
    }
    ASSERT_EQ(list.empty(), model.empty());
    if (model.empty()) continue;
    ASSERT_EQ(list.front().number, model.front());
    ASSERT_EQ(list.back().number, model.back());
  }
  EXPECT_EQ(drain(list), std::vector<int>(model.begin(), model.end()));
}

}  // namespace
}  // namespace headrace
