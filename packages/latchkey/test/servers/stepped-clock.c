/*
 * Preloaded into a server: gives it a wall clock that is ahead of the machine's, or behind, by what a file says. The
 * file holds one signed 64-bit number of milliseconds in the machine's byte order, and may change at any time.
 *
 * The system is asked directly, so that nothing is allocated or looked up on the way: Debian's redis-server brings an
 * allocator that reads the clock while it starts, on which libfaketime 0.9.10 recurses and gives up.
 *
 * Waits keep to the machine's clock. Monotonic clocks are left alone, as a real step leaves them.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t level = 0;
static const volatile int64_t *ahead_ms = &level;

__attribute__((constructor)) static void find_clock(void) {
  const char *path = getenv("STEPPED_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) ahead_ms = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  long failed = syscall(SYS_clock_gettime, clock, now);
  if (failed || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
  int64_t ns = now->tv_nsec + *ahead_ms % 1000 * 1000000;
  now->tv_sec += *ahead_ms / 1000 + (ns >= 1000000000) - (ns < 0);
  now->tv_nsec = (ns + 1000000000) % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *seconds) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (seconds) *seconds = precise.tv_sec;
  return precise.tv_sec;
}
