/* support/namespace.h: a pid namespace of our own, where numbers can be used again at will. */
#ifndef HPR_TEST_SUPPORT_NAMESPACE_H
#define HPR_TEST_SUPPORT_NAMESPACE_H

#include <sys/types.h>

#include <functional>

extern const char kNoNamespaces[]; /* why a test is skipped then */

/* False if the system lets nobody make user and pid namespaces. */
bool HasNamespaces();

/*
 * Runs the body in a process of a new pid namespace, with a /proc of its own and an init that
 * reaps. Everything in it is killed when the body returns. Fails like InSubprocess.
 */
void InNamespace(const std::function<void()> &body);

/* Where the kernel has no names, only another start time tells two processes apart. */
void AwaitNextTick();

/* Only in there: forks a child that idles, under that number, which must be free. */
pid_t ForkAs(pid_t number);

#endif
