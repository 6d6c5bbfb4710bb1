// IntrusiveList: a list whose links lie in its members, so that joining and leaving never allocate
// and a member can leave without knowing its list.
#pragma once

#include "base/assert.h"

namespace headrace {

// Base of what can be in one list (of its Tag) at a time. Leaves it when destroyed.
template <class Tag>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  [[nodiscard]] bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 protected:
  ~ListNode() { unlink(); }

 private:
  template <class Member, class MemberTag>
  friend class IntrusiveList;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

// Borrows its members: they outlive their membership.
template <class Member, class Tag = Member>
class IntrusiveList final {
  struct Head final : ListNode<Tag> {};

 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) front().ListNode<Tag>::unlink();
    head_.next_ = head_.previous_ = nullptr;
  }

  [[nodiscard]] bool empty() const { return head_.next_ == &head_; }
  [[nodiscard]] Member& front() { return member(head_.next_); }
  [[nodiscard]] Member& back() { return member(head_.previous_); }

  // REQUIRES: not in a list.
  void push_back(Member& member) { insert_before(&head_, member); }
  void push_front(Member& member) { insert_before(head_.next_, member); }

  Member& pop_front() {
    Member& first = front();
    first.ListNode<Tag>::unlink();
    return first;
  }

  // Moves all members of `other` to the end.
  void take_all(IntrusiveList& other) {
    while (!other.empty()) push_back(other.pop_front());
  }

 private:
  using Node = ListNode<Tag>;

  static Member& member(Node* node) { return static_cast<Member&>(*node); }

  void insert_before(Node* place, Node& node) {
    ASSERT(!node.linked());
    node.next_ = place;
    node.previous_ = place->previous_;
    place->previous_->next_ = &node;
    place->previous_ = &node;
  }

  Head head_;
};

}  // namespace headrace
