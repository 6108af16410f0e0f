#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/folder.h"
#include "support/native.h"
#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

using Numbers = std::vector<uint64_t>;

/* The threads of this process by number. */
std::set<std::string> Threads() {
  const std::vector<std::string> names = NamesIn("/proc/self/task");
  return {names.begin(), names.end()};
}

std::set<int> Descriptors() {
  std::set<int> open;
  for (int fd = 0; fd < 4096; fd++)
    if (fcntl(fd, F_GETFD) >= 0) open.insert(fd);
  return open;
}

/* A sanitizer's own thread comes with the first of ours: have it counted before. */
void StartFirstThread() {
  std::thread([] {}).join();
}

int64_t CpuMs() {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Watch, IsClosedWithoutEverHavingWatched) {
  System system;
  system.Unwatch(1);
  system.Close();
  system.Close();
}

TEST(Watch, OfTheDeadIsRefused) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("HPR_ESRCH", system.Watch(identity, 1)) << "a zombie";
  child.Reap();
  EXPECT_EQ("HPR_ESRCH", system.Watch(identity, 2)) << "reaped";
  EXPECT_EQ("HPR_ESRCH", system.Watch(system.Identify(child.pid()), 3)) << "never there";
  EXPECT_EQ(Numbers{}, system.Notices());
}

TEST(Watch, OfAStrangerIsRefused) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, AnotherBirth(BirthOf(identity)));
  EXPECT_EQ("HPR_ESRCH", system.Watch(identity, 1));
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Watch, SeesAChildEnd) {
  System system;
  IdleChild child;
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 7));
  EXPECT_EQ(Numbers{}, system.Notices());
  child.Kill();
  EXPECT_TRUE(system.HasNotices(1)) << "before it is reaped";
  EXPECT_EQ(Numbers{7}, system.Notices());
}

TEST(Watch, OfAChildThatItsParentReapsAtOnceCanBeTakenBack) {
  if (!KernelSignalsGroups()) GTEST_SKIP() << kNoGroups;
  System system;
  size_t told = 0, tries = 0;
  for (; tries < 50 && told == tries; tries++) {
    IdleChild child;
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), tries + 1));
    child.Kill();
    ASSERT_TRUE(child.Ends());
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); /* a busy event loop */
    child.Reap();
    system.Unwatch(tries + 1);
    told = system.Notices().size();
  }
  EXPECT_LT(told, tries) << "a busy machine may tell now and then, and not each time";
}

TEST(Watch, SeesAProcessEndThatIsNotOurChild) {
  System system;
  GroupOfTwo child;
  Grandchild grandchild(child.reported());
  child.Kill();
  child.Reap();
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(grandchild.pid()), 7));
  grandchild.Kill();
  EXPECT_TRUE(system.HasNotices(1));
  EXPECT_EQ(Numbers{7}, system.Notices());
}

TEST(Watch, SeesAProcessEndThatAnEarlierServerRecorded) {
  IdleChild child;
  System before;
  const hpr_identity identity = before.Identify(child.pid());
  before.Close();
  System after;
  ASSERT_EQ("HPR_OK", after.Watch(identity, 7));
  child.Kill();
  EXPECT_TRUE(after.HasNotices(1));
}

TEST(Watch, SeesALeaderEndWhoseGroupLivesOn) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(leader.pid()), 7));
  leader.Kill();
  EXPECT_TRUE(system.HasNotices(1));
  EXPECT_TRUE(member.IsAlive());
}

TEST(Watch, SeesTheLastMemberOfAZombiesGroupEnd) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  ASSERT_EQ("HPR_OK", system.Watch(identity, 7));
  member.Kill();
  EXPECT_TRUE(system.HasNotices(1));
  EXPECT_EQ("HPR_ESRCH", system.Watch(identity, 8));
}

TEST(Watch, SeesTheLastMemberOfAGroupWithoutALeaderEnd) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  leader.Reap();
  /* On a kernel that names no processes this is probed, and seen all the same. */
  ASSERT_EQ("HPR_OK", system.Watch(identity, 7));
  member.Kill();
  EXPECT_TRUE(system.HasNotices(1));
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(Watch, SeesEveryMemberOfAGroupEndOneAfterTheOther) {
  System system;
  Child leader(2, [](const Report &report) {
    setpgid(0, 0);
    report(ForkIn(Idle));
    report(ForkIn(Idle));
    Idle();
  });
  Grandchild first(leader.reported(0)), second(leader.reported(1));
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  ASSERT_EQ("HPR_OK", system.Watch(identity, 1));
  /* It is told of one of them: which one is the system's choice. */
  first.Kill();
  if (!first.Ends() ||
      !Eventually([&] { return system.Notices().size() == 1; }, std::chrono::milliseconds(300)))
    second.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  if (second.IsAlive()) {
    ASSERT_EQ("HPR_OK", system.Watch(identity, 2));
    second.Kill();
    ASSERT_TRUE(system.HasNotices(2));
  }
  ASSERT_TRUE(second.Ends());
  EXPECT_EQ("HPR_ESRCH", system.Watch(identity, 3));
}

TEST(Watch, GivesOneNoticeAndNoSecond) {
  System system;
  IdleChild child, fence;
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(fence.pid()), 2));
  child.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  child.Reap();
  fence.Kill();
  ASSERT_TRUE(system.HasNotices(2));
  EXPECT_EQ((Numbers{1, 2}), system.Notices());
}

TEST(Watch, GivesANoticeForEachOfTwoWatches) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  ASSERT_EQ("HPR_OK", system.Watch(identity, 1));
  ASSERT_EQ("HPR_OK", system.Watch(identity, 2));
  child.Kill();
  ASSERT_TRUE(system.HasNotices(2));
  Numbers notices = system.Notices();
  std::sort(notices.begin(), notices.end());
  EXPECT_EQ((Numbers{1, 2}), notices);
}

TEST(Watch, TakenBackGivesNoNotice) {
  System system;
  IdleChild child, fence;
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(fence.pid()), 2));
  system.Unwatch(1);
  system.Unwatch(1);
  system.Unwatch(99);
  child.Kill();
  ASSERT_TRUE(child.Ends());
  fence.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  EXPECT_EQ(Numbers{2}, system.Notices());
}

TEST(Watch, TakesAnyNumber) {
  System system;
  const Numbers numbers = {1, 2, UINT64_MAX, UINT64_C(1) << 63, UINT32_MAX};
  std::vector<std::unique_ptr<IdleChild>> children;
  for (const uint64_t number : numbers) {
    children.push_back(std::make_unique<IdleChild>());
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(children.back()->pid()), number));
  }
  for (const auto &child : children) child->Kill();
  ASSERT_TRUE(system.HasNotices(numbers.size()));
  Numbers notices = system.Notices(), expected = numbers;
  std::sort(notices.begin(), notices.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(expected, notices);
}

/* As Node does when it starts. False: the system does not let us have so many. */
bool RaiseDescriptorLimit(rlim_t wanted) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < wanted) return false;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

TEST(Watch, SeesManyProcessesEnd) {
  constexpr size_t kCount = 300;
  if (!RaiseDescriptorLimit(2000)) GTEST_SKIP() << "2000 descriptors are not allowed here";
  System system;
  const size_t before = OpenDescriptors();
  std::vector<std::unique_ptr<IdleChild>> children;
  std::vector<hpr_identity> identities;
  for (uint64_t number = 1; number <= kCount; number++) {
    children.push_back(std::make_unique<IdleChild>());
    identities.push_back(system.Identify(children.back()->pid()));
    ASSERT_EQ("HPR_OK", system.Watch(identities.back(), number));
  }
  for (const auto &child : children) child->Kill();
  ASSERT_TRUE(system.HasNotices(kCount));
  /* Where names cannot be opened a handle is kept until somebody has seen that it is gone. */
  for (const hpr_identity &identity : identities) EXPECT_EQ("GONE", system.Verify(identity));
  const Numbers notices = system.Notices();
  EXPECT_EQ(kCount, (std::set<uint64_t>(notices.begin(), notices.end()).size()));
  EXPECT_EQ(kCount, notices.size());
  EXPECT_TRUE(Eventually([&] { return OpenDescriptors() <= before + 3; }))
      << "what was watched is released";
}

TEST(Watch, TellsEachServerOnlyOfItsOwn) {
  System first, second;
  IdleChild one, two;
  ASSERT_EQ("HPR_OK", first.Watch(first.Identify(one.pid()), 1));
  ASSERT_EQ("HPR_OK", second.Watch(second.Identify(two.pid()), 2));
  one.Kill();
  two.Kill();
  ASSERT_TRUE(first.HasNotices(1) && second.HasNotices(1));
  EXPECT_EQ(Numbers{1}, first.Notices());
  EXPECT_EQ(Numbers{2}, second.Notices());
}

TEST(Watch, GivesNoDescriptorToAnotherProgram) {
  System system;
  IdleChild child;
  const std::set<int> before = Descriptors();
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  size_t added = 0;
  for (const int fd : Descriptors()) {
    if (before.count(fd)) continue;
    added++;
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC) << fd;
  }
  EXPECT_GE(added, 3u) << "a set, a wake-up and a process";
}

TEST(Watch, TakesNoSignalThatIsMeantForOtherThreads) {
  System system;
  IdleChild child;
  StartFirstThread();
  const std::set<std::string> before = Threads();
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  size_t added = 0;
  for (const std::string &thread : Threads()) {
    if (before.count(thread)) continue;
    added++;
    const std::string status = *TextOf("/proc/self/task/" + thread + "/status");
    const size_t at = status.find("SigBlk:");
    ASSERT_NE(std::string::npos, at);
    const uint64_t blocked = std::stoull(status.substr(at + 8, 16), nullptr, 16);
    for (const int signum : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGPROF, SIGWINCH})
      EXPECT_TRUE(blocked & UINT64_C(1) << (signum - 1)) << signum;
  }
  EXPECT_EQ(1u, added);
}

TEST(Watch, ReleasesEverythingWhenClosed) {
  const size_t descriptors = OpenDescriptors();
  StartFirstThread();
  const size_t threads = Threads().size();
  std::vector<std::unique_ptr<IdleChild>> children;
  for (int i = 0; i < 20; i++) children.push_back(std::make_unique<IdleChild>());
  System system;
  for (size_t i = 0; i < children.size(); i++)
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(children[i]->pid()), i + 1));
  system.Close();
  EXPECT_EQ(descriptors, OpenDescriptors());
  /* One that an earlier test has left may end meanwhile. */
  EXPECT_TRUE(Eventually([&] { return Threads().size() <= threads; }));
  for (const auto &child : children) EXPECT_TRUE(child->IsAlive()) << "closing ends nobody";
}

/* --- failure -------------------------------------------------------------------------------- */

TEST(Watch, GivesNoNoticeAfterItWasClosed) {
  for (int round = 0; round < 50; round++) {
    System system;
    std::vector<std::unique_ptr<IdleChild>> children;
    for (uint64_t number = 1; number <= 8; number++) {
      children.push_back(std::make_unique<IdleChild>());
      ASSERT_EQ("HPR_OK", system.Watch(system.Identify(children.back()->pid()), number));
    }
    for (const auto &child : children) child->Kill(); /* some notices race with the closing */
    system.Close();
    const size_t count = system.Notices().size();
    for (const auto &child : children) ASSERT_TRUE(child->Ends());
    ASSERT_EQ(count, system.Notices().size());
  }
}

/* Takes every descriptor that is left. */
class Exhaustion {
public:
  Exhaustion() {
    for (int fd; (fd = dup(STDERR_FILENO)) >= 0;) taken_.push_back(fd);
  }
  ~Exhaustion() { End(); }
  void End() {
    for (const int fd : taken_) close(fd);
    taken_.clear();
  }
  void Free(size_t count) {
    for (; count > 0; count--) {
      close(taken_.back());
      taken_.pop_back();
    }
  }

private:
  std::vector<int> taken_;
};

void LimitDescriptors() {
  struct rlimit limit;
  ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 64;
  ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

TEST(Watch, IsTriedAgainAfterItsThreadCouldNotBeStarted) {
  InSubprocess([] {
    if (CanChangeUser()) BecomeNobody(); /* the limit is none for root */
    System system;
    IdleChild child;
    const hpr_identity identity = system.Identify(child.pid());
    struct rlimit limit, none;
    ASSERT_EQ(0, getrlimit(RLIMIT_NPROC, &limit));
    none = limit;
    none.rlim_cur = 0;
    ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &none));
    EXPECT_EQ("HPR_ENOMEM", system.Watch(identity, 1));
    ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &limit));
    EXPECT_EQ("HPR_OK", system.Watch(identity, 2));
    child.Kill();
    EXPECT_TRUE(system.HasNotices(1));
    EXPECT_EQ(Numbers{2}, system.Notices());
  });
}

TEST(Watch, ProbesWithoutADescriptorLeft) {
  InSubprocess([] {
    LimitDescriptors();
    System system;
    IdleChild first, child;
    const hpr_identity identity = system.Identify(child.pid());
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(first.pid()), 1)) << "starts the thread";
    Exhaustion exhaustion;
    EXPECT_EQ("UNKNOWN", system.Verify(identity));
    EXPECT_FALSE(system.HasEnded(identity));
    EXPECT_EQ("OPAQUE", Record(system.Identify(child.pid()).state)) << "somebody, but who?";
    EXPECT_EQ("HPR_EUNKNOWN", system.Signal(identity)) << "never by the number alone";
    ASSERT_EQ("HPR_OK", system.Watch(identity, 2));
    EXPECT_TRUE(child.IsAlive());
    child.Kill();
    ASSERT_TRUE(child.Ends());
    first.Kill();
    ASSERT_TRUE(system.HasNotices(1)) << "what has a descriptor is seen at once";
    exhaustion.End();
    EXPECT_TRUE(system.HasNotices(2)) << "what has none as soon as it can be told";
    EXPECT_EQ((Numbers{1, 2}), system.Notices());
  });
}

TEST(Watch, ThatIsProbedCanBeTakenBack) {
  InSubprocess([] {
    LimitDescriptors();
    System system;
    IdleChild first, child, fence;
    const hpr_identity identity = system.Identify(child.pid());
    const hpr_identity probed = system.Identify(fence.pid());
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(first.pid()), 1));
    {
      Exhaustion exhaustion;
      ASSERT_EQ("HPR_OK", system.Watch(identity, 2));
      ASSERT_EQ("HPR_OK", system.Watch(probed, 3));
      system.Unwatch(2);
      child.Kill();
      fence.Kill();
      ASSERT_TRUE(child.Ends() && fence.Ends());
    }
    ASSERT_TRUE(system.HasNotices(1));
    EXPECT_EQ(Numbers{3}, system.Notices());
    system.Close();
  });
}

TEST(Watch, CannotStartWithoutADescriptorAndCanLater) {
  InSubprocess([] {
    LimitDescriptors();
    System system;
    IdleChild child;
    const hpr_identity identity = system.Identify(child.pid());
    for (const size_t left : {0, 1}) {
      Exhaustion exhaustion;
      exhaustion.Free(left);
      const size_t before = Descriptors().size();
      EXPECT_EQ("HPR_EMFILE", system.Watch(identity, 1));
      EXPECT_EQ(before, Descriptors().size());
    }
    ASSERT_EQ("HPR_OK", system.Watch(identity, 1));
    child.Kill();
    EXPECT_TRUE(system.HasNotices(1));
  });
}

TEST(Watch, OfSomebodyForeignWaitsWithoutANotice) {
  System system;
  IdleChild child, fence;
  hpr_identity foreign = system.Identify(child.pid());
  SetBirth(&foreign, WithPart(BirthOf(foreign), 0, "1"));
  ASSERT_EQ("HPR_OK", system.Watch(foreign, 1));
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(fence.pid()), 2));
  child.Kill();
  child.Reap();
  fence.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  EXPECT_EQ(Numbers{2}, system.Notices());
}

TEST(Watch, OfAnotherUsersProcessSeesItEnd) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can become another user";
  InSubprocess([&] {
    System system;
    int ends[2];
    ASSERT_EQ(0, pipe(ends));
    IdleChild child;
    Child killer(0, [&](const Report &) { /* stays root */
                                          char byte;
                                          if (read(ends[0], &byte, 1) == 1) child.Kill();
    });
    BecomeNobody();
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
    EXPECT_EQ(Numbers{}, system.Notices());
    ASSERT_EQ(1, write(ends[1], "", 1));
    EXPECT_TRUE(system.HasNotices(1));
    ASSERT_TRUE(child.Ends());
    ASSERT_TRUE(killer.Ends());
  });
}

/* --- race ----------------------------------------------------------------------------------- */

TEST(Watch, MissesNoProcessThatEndsMeanwhile) {
  System system;
  size_t expected = 0;
  for (uint64_t number = 1; number <= 300; number++) {
    Child child(0, [](const Report &) {}); /* ends at once */
    if (number % 3 == 0) usleep(200);
    const hpr_identity identity = system.Identify(child.pid());
    if (system.Watch(identity, number) == "HPR_OK") expected++;
    ASSERT_TRUE(system.HasNotices(expected)) << number;
  }
  EXPECT_EQ(expected, system.Notices().size());
}

TEST(Watch, IsTakenBackWhileItsProcessEnds) {
  System system;
  for (uint64_t number = 1; number <= 200; number++) {
    IdleChild child;
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), number));
    child.Kill();
    if (number % 2) usleep(100);
    system.Unwatch(number);
    ASSERT_TRUE(child.Ends());
  }
  IdleChild fence;
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(fence.pid()), 1000));
  fence.Kill();
  ASSERT_TRUE(Eventually([&] {
    const Numbers notices = system.Notices();
    return !notices.empty() && notices.back() == 1000;
  })) << "the thread is still at work";
  const Numbers notices = system.Notices();
  EXPECT_EQ(notices.size(), (std::set<uint64_t>(notices.begin(), notices.end()).size()))
      << "nobody is reported twice";
}

/* Less than half of a processor for a third of a second. */
bool Rests() {
  const int64_t cpu_ms = CpuMs();
  /* Asking the clock meanwhile would cost what is measured. */
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return CpuMs() - cpu_ms < 150;
}

/*
 * A fork that runs no other program keeps a copy of our descriptors: an epoll set reports what
 * was closed only on our side for ever (epoll(7), question 6).
 */
TEST(Watch, RestsWhileAForkOfTheServerLives) {
  for (const bool taken_back : {false, true}) {
    System system;
    IdleChild child, fence;
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(fence.pid()), 2));
    IdleChild fork_of_us;
    if (taken_back) system.Unwatch(1);
    child.Kill();
    ASSERT_TRUE(child.Ends());
    fence.Kill();
    ASSERT_TRUE(system.HasNotices(taken_back ? 1 : 2));
    EXPECT_TRUE(Rests()) << "the thread spins" << (taken_back ? " (taken back)" : "");
  }
}

/* The fork shares the epoll set: what it takes out or puts in would be missing or new here. */
TEST(Watch, IsNotDisturbedByWhatAForkOfTheServerDoes) {
  System system;
  IdleChild child, other;
  const hpr_identity others = system.Identify(other.pid());
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  Child fork_of_us(1, [&](const Report &report) {
    system.Unwatch(1);
    system.Watch(others, 2);
    report(getpid());
    Idle();
  });
  other.Kill();
  ASSERT_TRUE(other.Ends());
  child.Kill();
  EXPECT_TRUE(system.HasNotices(1));
  EXPECT_TRUE(Rests());
  EXPECT_EQ(Numbers{1}, system.Notices());
}

TEST(Watch, IsClosedInAForkOfTheServerWithoutHarm) {
  System system;
  IdleChild child;
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  InSubprocess([&] {
    alarm(5); /* it would wait for a thread that a fork does not have */
    system.Close();
  });
  child.Kill();
  EXPECT_TRUE(system.HasNotices(1)) << "the server itself is not disturbed";
}

} // namespace
