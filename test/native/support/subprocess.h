/* support/subprocess.h: runs a part of a test in a process of its own. */
#ifndef HPR_TEST_SUPPORT_SUBPROCESS_H
#define HPR_TEST_SUPPORT_SUBPROCESS_H

#include <sys/types.h>

#include <functional>

/*
 * Runs the body in a process that was forked for it. An exception is the end of that process: it
 * would be caught outside, and the fork would run the other tests a second time, in its sandbox.
 */
void RunForked(const std::function<void()> &body) noexcept;

/*
 * Runs the body in a forked process and fails this test if an expectation in it failed, if it
 * was ended by a signal, or if it took longer than the patience of support/wait.h allows twice.
 */
void InSubprocess(const std::function<void()> &body);

/* An account without privileges, for what root may do in spite of permissions. */
constexpr uid_t kNobody = 65534;

/* True if we are root, and can thus become somebody else. */
bool CanChangeUser();

/* Becomes kNobody for good. Only in a subprocess. */
void BecomeNobody();

#endif
