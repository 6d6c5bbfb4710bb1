/* A system that is short of everything: preloaded into the edge, it lets system calls be interrupted
 * and do less than they were asked for, and allocations fail. Steered through a shared file, see
 * faults.py. What it does could happen on any machine: after a call on a client's socket that did
 * less than it could, epoll reports that socket once more, as when bytes had come in between. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

struct steering {
  uint32_t percent; /* of the calls that go wrong */
  uint32_t unused;
  int64_t allocations_left; /* until one fails; negative: none does */
  uint64_t faults;          /* so far */
};

enum { kDescriptorsMax = 65536 };

struct watch {
  int epoll; /* 0: not a client's socket that is watched */
  struct epoll_event event;
};

static struct steering *steering; /* null outside the program under test */
static int is_edge;               /* only the edge accepts connections */
static struct watch watches[kDescriptorsMax];
static char is_client[kDescriptorsMax];

#define REAL(name)                                                   \
  static __typeof__(&name) real;                                     \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("FAULTS_FILE");
  char program[4096] = "";
  if (path == NULL || readlink("/proc/self/exe", program, sizeof program - 1) < 0) return;
  const char *name = strrchr(program, '/');
  if (name == NULL || strcmp(name, "/headrace") != 0) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  void *memory = mmap(NULL, sizeof *steering, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) steering = memory;
  close(fd);
}

static uint32_t dice(void) {
  static uint32_t state = 88172645;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static int goes_wrong(void) {
  if (steering == NULL || !is_edge || dice() % 100 >= steering->percent) return 0;
  ++steering->faults;
  return 1;
}

static int interrupted(void) {
  if (!goes_wrong()) return 0;
  errno = EINTR;
  return 1;
}

static int watched_client(int fd) {
  return fd >= 0 && fd < kDescriptorsMax && is_client[fd] && watches[fd].epoll != 0;
}

/* What a call on `fd` may move of `*size` bytes. 1: the call fails, with errno. */
static int cut(int fd, size_t *size) {
  if (!goes_wrong()) return 0;
  const uint32_t kind = dice() % 4;
  if (kind == 0 || !watched_client(fd)) {
    errno = EINTR;
    return 1;
  }
  if (kind != 1 && *size > 1) *size = kind == 2 ? 1 : 1 + dice() % (*size - 1);
  return kind == 1 ? (errno = EAGAIN, 1) : 0;
}

/* The kernel will tell what `fd` is ready for, though it has not changed. */
static void tell_again(int fd) {
  const int error = errno;
  if (watched_client(fd)) epoll_ctl(watches[fd].epoll, EPOLL_CTL_MOD, fd, &watches[fd].event);
  errno = error;
}

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags) {
  REAL(accept4);
  is_edge = 1;
  if (interrupted()) return -1;
  const int fd = real(listener, address, size, flags);
  if (fd >= 0 && fd < kDescriptorsMax) {
    is_client[fd] = 1;
    watches[fd].epoll = 0;
  }
  return fd;
}

int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < kDescriptorsMax) is_client[fd] = 0;
  return real(fd);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
  REAL(epoll_ctl);
  if (operation == EPOLL_CTL_ADD && fd >= 0 && fd < kDescriptorsMax) {
    watches[fd].epoll = epoll;
    watches[fd].event = *event;
  }
  return real(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout) {
  REAL(epoll_wait);
  return interrupted() ? -1 : real(epoll, events, count, timeout);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags) {
  REAL(recv);
  const size_t wanted = size;
  const ssize_t got = cut(fd, &size) ? -1 : real(fd, bytes, size, flags);
  if (size != wanted || got < 0) tell_again(fd);
  return got;
}

ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t capacity, int flags) {
  if (size > capacity) abort();
  return recv(fd, bytes, size, flags);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  REAL(send);
  const size_t wanted = size;
  const ssize_t sent = cut(fd, &size) ? -1 : real(fd, bytes, size, flags);
  if (size != wanted || sent < 0) tell_again(fd);
  return sent;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  REAL(sendmsg);
  struct msghdr shorter = *message;
  struct iovec first = *message->msg_iov;
  const size_t wanted = first.iov_len;
  if (cut(fd, &first.iov_len)) {
    tell_again(fd);
    return -1;
  }
  if (first.iov_len != wanted) {
    shorter.msg_iov = &first;
    shorter.msg_iovlen = 1;
  }
  const ssize_t sent = real(fd, &shorter, flags);
  if (first.iov_len != wanted) tell_again(fd);
  return sent;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  REAL(recvmsg);
  return interrupted() ? -1 : real(fd, message, flags);
}

ssize_t sendfile(int fd, int file, off_t *offset, size_t size) {
  REAL(sendfile);
  const size_t wanted = size;
  const ssize_t sent = cut(fd, &size) ? -1 : real(fd, file, offset, size);
  if (size != wanted || sent < 0) tell_again(fd);
  return sent;
}

ssize_t sendfile64(int fd, int file, off64_t *offset, size_t size) {
  return sendfile(fd, file, (off_t *)offset, size);
}

void *__libc_malloc(size_t size);

void *malloc(size_t size) {
  if (steering != NULL && is_edge && steering->allocations_left >= 0 &&
      steering->allocations_left-- == 0) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(size);
}
