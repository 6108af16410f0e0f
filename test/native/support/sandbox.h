/* support/sandbox.h: makes this kernel look like one that offers less. Only in a subprocess. */
#ifndef HPR_TEST_SUPPORT_SANDBOX_H
#define HPR_TEST_SUPPORT_SANDBOX_H

#include <cstdint>
#include <vector>

/* A system call that fails from now on. */
struct Withheld {
  int call;           /* SYS_… */
  int error;          /* errno */
  int argument = -1;  /* only if this argument … */
  uint32_t value = 0; /* … has this value (its lower 32 bits) */
};

/* False if this system has no seccomp filters. */
bool Withhold(const std::vector<Withheld> &rows);

/* Whether we can mount something that our own processes alone see. */
bool CanMount();

/*
 * Hides /proc altogether, or what it says about other users' processes ("hidepid=1"), or their
 * names too ("hidepid=2"). Only who can mount can.
 */
bool HideProc();
bool HideOthersInProc(const char *how);

#endif
