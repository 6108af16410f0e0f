/*
 * bench/malloc.c, preloaded into Node: getppid(2), which is process.ppid, tells how many kilobytes
 * of malloc are in use. Resident memory would count what V8 has freed and not given back.
 */
#include <malloc.h>
#include <unistd.h>

pid_t getppid(void) {
  const struct mallinfo2 now = mallinfo2();
  return (pid_t)((now.uordblks + now.hblkhd) / 1024);
}
