#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <string>
#include <thread>
#include <vector>

#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

const char kLong[] = "0123456789abcdef"; /* as long as a token has to be */
const char kFile[] = "/pids.json";

/* A program that was started with that environment. */
class Program {
public:
  explicit Program(std::vector<std::string> variables, const char *title = "sleep")
      : it_(0, [&](const Report &) {
          std::vector<char *> environment;
          for (std::string &variable : variables) environment.push_back(variable.data());
          environment.push_back(nullptr);
          char *words[] = {const_cast<char *>(title), const_cast<char *>("60"), nullptr};
          execve("/bin/sleep", words, environment.data());
          _exit(1);
        }) {
    EXPECT_TRUE(Eventually([&] { return system_.FirstWord(identity()) == title; }));
  }

  hpr_identity identity() { return system_.Identify(it_.pid()); }
  hpr_mark Mark(const std::string &token, const std::string &pid_file = kFile) {
    return system_.Mark(identity(), token, pid_file);
  }

private:
  System system_;
  Child it_;
};

TEST(Mark, IsALongTokenAsTheWholeValueOfAnyVariable) {
  Program marked({"A=1", std::string("ANY_NAME=") + kLong});
  EXPECT_EQ(HPR_MARK_CARRIED, marked.Mark(kLong));
  EXPECT_EQ(HPR_MARK_ABSENT, marked.Mark("0123456789abcdeX"));
  EXPECT_EQ(HPR_MARK_ABSENT, marked.Mark(""));
  Program part({std::string("A=") + kLong + "0", std::string("B=0") + kLong, kLong});
  EXPECT_EQ(HPR_MARK_ABSENT, part.Mark(kLong));
}

TEST(Mark, OfAShortTokenIsTheDashboardsVariableAlone) {
  EXPECT_EQ(HPR_MARK_ABSENT, Program({"ANY_NAME=short"}).Mark("short"));
  EXPECT_EQ(HPR_MARK_CARRIED, Program({"PI_DASHBOARD_SPAWN_TOKEN=short"}).Mark("short"));
  EXPECT_EQ(HPR_MARK_ABSENT, Program({"PI_DASHBOARD_SPAWN_TOKEN=shorter"}).Mark("short"));
}

TEST(Mark, OfOurOwnVariableNamesThePidFile) {
  Program marked({"HEADLESS_PID_MARK=short@/pids.json", "PI_DASHBOARD_SPAWN_TOKEN=short"});
  EXPECT_EQ(HPR_MARK_CARRIED, marked.Mark("short"));
  EXPECT_EQ(HPR_MARK_ABSENT, marked.Mark("short", "/other.json"));
  EXPECT_EQ(HPR_MARK_ABSENT, marked.Mark("shor"));
}

TEST(Mark, OfALongTokenIsNoMatterOfFiles) {
  Program marked({"HEADLESS_PID_MARK=x@/other.json", std::string("T=") + kLong});
  EXPECT_EQ(HPR_MARK_CARRIED, marked.Mark(kLong));
}

TEST(Mark, StandsInTheLongestEnvironment) {
  Program marked({"A=" + std::string(100000, 'a'), "B=" + std::string(100000, 'b'),
                  std::string("C=") + kLong});
  EXPECT_EQ(HPR_MARK_CARRIED, marked.Mark(kLong));
}

TEST(Mark, OfOurOwnProvesNothingAboutOurChildren) {
  InSubprocess([] {
    setenv("HPR_INHERITED", kLong, 1);
    const std::string words = std::string("HPR_INHERITED=") + kLong;
    Program child({words});
    EXPECT_EQ(HPR_MARK_CARRIED, child.Mark(kLong)); /* set later: we were not started with it */
    char self[] = "/proc/self/exe", filter[] = "--gtest_filter=Mark.DISABLED_InheritsOne";
    char also[] = "--gtest_also_run_disabled_tests", brief[] = "--gtest_brief=1";
    char *arguments[] = {self, filter, also, brief, nullptr};
    const pid_t pid = ForkIn([&] { execv(self, arguments); });
    int status = -1;
    ASSERT_EQ(pid, waitpid(pid, &status, 0));
    EXPECT_EQ(0, status);
  });
}

/* Run by the one above, in a process that was started with the mark. */
TEST(Mark, DISABLED_InheritsOne) {
  ASSERT_STREQ(kLong, getenv("HPR_INHERITED"));
  EXPECT_EQ(HPR_MARK_UNKNOWN, Program({std::string("HPR_INHERITED=") + kLong}).Mark(kLong));
  EXPECT_EQ(HPR_MARK_ABSENT, Program({"A=1"}).Mark(kLong));
}

/* Of a process whose first thread has ended. */
void ExpectMarkWithoutFirstThread() {
  System system;
  Child child(0, [](const Report &) {
    const std::string word = std::string("ANY_NAME=") + kLong;
    char self[] = "/proc/self/exe", filter[] = "--gtest_filter=Mark.DISABLED_LosesItsFirstThread";
    char also[] = "--gtest_also_run_disabled_tests", brief[] = "--gtest_brief=1";
    char *arguments[] = {self, filter, also, brief, nullptr};
    char *environment[] = {const_cast<char *>(word.c_str()), nullptr};
    execve(self, arguments, environment);
    _exit(1);
  });
  ASSERT_TRUE(Eventually([&] { return StateOf(child.pid()) == 'Z'; }));
  const hpr_identity identity = system.Identify(child.pid());
  EXPECT_EQ("SAME", system.Verify(identity));
  EXPECT_EQ(HPR_MARK_CARRIED, system.Mark(identity, kLong));
  EXPECT_EQ("/proc/self/exe", system.FirstWord(identity));
}

/*
 * The kernel shows nothing of a thread that has ended, to others than root not even that there is
 * nothing; and the first one has the process's pid.
 */
TEST(Mark, IsThatOfAProcessWhoseFirstThreadHasEnded) {
  ExpectMarkWithoutFirstThread();
  if (!CanChangeUser()) return;
  InSubprocess([] {
    BecomeNobody();
    ExpectMarkWithoutFirstThread();
  });
}

/* Run by the one above. */
TEST(Mark, DISABLED_LosesItsFirstThread) {
  std::thread([] { Idle(); }).detach();
  syscall(SYS_exit, 0); /* of this thread alone, and without unwinding the test */
}

TEST(Mark, CannotBeToldOfWhoIsGone) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill();
  child.Reap();
  EXPECT_EQ(HPR_MARK_UNKNOWN, system.Mark(identity, kLong));
  EXPECT_EQ("", system.FirstWord(identity));
}

TEST(Command, IsTheTitleThatAProgramWasGiven) {
  Program program({}, "pi");
  System system;
  EXPECT_EQ("pi", system.FirstWord(program.identity()));
}

/*
 * Each lives for a moment, and starts the next one before it ends. /proc is read in pieces: of
 * those that one piece names, the last one to be looked at is long gone.
 */
TEST(List, HasSomebodyOfALineOfProcessesThatComeAndGo) {
  System system;
  Child first(1, [](const Report &report) {
    setpgid(0, 0);
    report(getpid());
    for (int i = 0; i < 5000; i++) {
      usleep(2000);
      if (fork() > 0) _exit(0);
    }
    _exit(0);
  });
  for (int i = 0; i < 200; i++) {
    hpr_seen *list;
    size_t count;
    ASSERT_EQ(0, system.ops()->list(system.ops()->self, &list, &count));
    EXPECT_TRUE(std::any_of(list, list + count,
                            [&](const hpr_seen &seen) { return seen.group == first.pid(); }));
    free(list);
  }
  kill(-first.pid(), SIGKILL);
}

TEST(Lineage, EndsBelowUs) {
  System system;
  Child parent(1, [](const Report &report) {
    report(ForkIn(Idle));
    Idle();
  });
  Grandchild child(parent.reported());
  EXPECT_EQ((std::vector<pid_t>{child.pid(), parent.pid()}), system.Lineage(child.pid()));
  EXPECT_EQ(std::vector<pid_t>{parent.pid()}, system.Lineage(parent.pid()));
}

TEST(Lineage, OfOurselvesOurAncestorsAndNobodyIsNone) {
  System system;
  EXPECT_TRUE(system.Lineage(getpid()).empty());
  EXPECT_TRUE(system.Lineage(getppid()).empty());
  EXPECT_TRUE(system.Lineage(1).empty());
  EXPECT_TRUE(system.Lineage(FreePid()).empty());
}

TEST(Lineage, NamesGroupsThatAreNotOurs) {
  System system;
  GroupLeader apart;
  IdleChild inside;
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  ASSERT_EQ(0, system.ops()->lineage(system.ops()->self, apart.pid(), line, &count));
  EXPECT_EQ(apart.pid(), line[0].group);
  EXPECT_EQ(0, line[0].session);
  ASSERT_EQ(0, system.ops()->lineage(system.ops()->self, inside.pid(), line, &count));
  EXPECT_EQ(0, line[0].group);
}

} // namespace
