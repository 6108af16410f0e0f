/* The Windows platform against real processes. */
#include <gtest/gtest.h>
#include <windows.h>

#include <memory>
#include <string>
#include <vector>

#include "support/native.h"
#include "support/system.h"
#include "support/wait.h"
#include "windows/children.h"

namespace {

constexpr int64_t kHourMs = 60 * 60 * 1000;

int32_t Self() { return static_cast<int32_t>(GetCurrentProcessId()); }

/* --- identify and verify -------------------------------------------------------------------- */

TEST(WindowsProcess, RecordsItselfAndNeverAsKin) {
  System system;
  const hpr_identity it = system.Identify(Self());
  EXPECT_EQ("KNOWN", Record(it.state));
  EXPECT_FALSE(it.kin);
  EXPECT_EQ(HPR_BOOT_HOST, it.boot.form);
  EXPECT_EQ("SAME", system.Verify(it));
}

TEST(WindowsProcess, RecordsAChild) {
  System system;
  Child child({"idle"});
  const hpr_identity it = system.Identify(child.pid());
  EXPECT_EQ("KNOWN", Record(it.state));
  EXPECT_TRUE(it.kin);
  EXPECT_EQ("SAME", system.Verify(it));
}

TEST(WindowsProcess, RecordsTheSameInAnotherRegistry) {
  Child child({"idle"});
  System one, two;
  EXPECT_EQ(BirthOf(one.Identify(child.pid())), BirthOf(two.Identify(child.pid())));
  EXPECT_EQ("SAME", two.Verify(one.Identify(child.pid())));
}

TEST(WindowsProcess, RecordsDescendantsAsKin) {
  System system;
  Child child({"chain", "2"}, 3);
  for (size_t i = 0; i < 3; i++) {
    const hpr_identity it = system.Identify(child.said(i));
    EXPECT_EQ("KNOWN", Record(it.state));
    EXPECT_TRUE(it.kin) << i;
  }
}

TEST(WindowsProcess, RecordsAnOrphanAsNoKin) {
  System system;
  Child deserter({"desert"});
  ASSERT_TRUE(deserter.Ends());
  const hpr_identity it = system.Identify(deserter.said());
  EXPECT_EQ("KNOWN", Record(it.state));
  deserter.Forget();
  EXPECT_EQ("NOBODY", Record(system.Identify(deserter.pid()).state));
}

TEST(WindowsProcess, RecordsNobody) {
  System system;
  EXPECT_EQ("NOBODY", Record(system.Identify(FreePid()).state));
  EXPECT_EQ("NOBODY", Record(system.Identify(HPR_PID_MAX).state));
}

TEST(WindowsProcess, RecordsNobodyForOneThatHasEnded) {
  System system;
  Child child({"idle"});
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("NOBODY", Record(system.Identify(child.pid()).state)) << "we have it open yet";
}

TEST(WindowsProcess, TakesNoNumberBetweenTwoProcesses) {
  System system;
  Child child({"idle"});
  for (int i = 1; i < 4; i++)
    EXPECT_EQ("NOBODY", Record(system.Identify(child.pid() + i).state)) << i;
}

TEST(WindowsProcess, KnowsWhenItIsGone) {
  System system;
  Child child({"idle"});
  const hpr_identity it = system.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("GONE", system.Verify(it)) << "open, and so not free";
  child.Forget();
  EXPECT_EQ("GONE", system.Verify(it));
}

TEST(WindowsProcess, KnowsAStranger) {
  System system;
  Child child({"idle"});
  hpr_identity it = system.Identify(child.pid());
  SetBirth(&it, std::to_string(std::stoull(BirthOf(it)) - 1));
  EXPECT_EQ("STRANGER", system.Verify(it));
  it.state = HPR_RECORD_NOBODY;
  EXPECT_EQ("STRANGER", system.Verify(it)) << "the number was free";
}

TEST(WindowsProcess, KnowsAnotherMachine) {
  System system;
  Child child({"idle"});
  hpr_identity it = system.Identify(child.pid());
  for (const char *boot : {"windows@0123456789abcdef", "8a5b16b8-e23e-47df@12345678", "?"}) {
    SetBoot(&it, boot);
    EXPECT_EQ("ELSEWHERE", system.Verify(it)) << boot;
  }
}

TEST(WindowsProcess, SaysSoWhenItCannotTell) {
  System system;
  Child child({"idle"});
  hpr_identity it = system.Identify(child.pid());
  for (const char *birth : {"", "x", "-1", "1x", "1.2", "99999999999999999999", " 1"}) {
    SetBirth(&it, birth);
    EXPECT_EQ("UNKNOWN", system.Verify(it)) << birth;
  }
  it.state = HPR_RECORD_OPAQUE;
  EXPECT_EQ("UNKNOWN", system.Verify(it));
  it.pid = FreePid();
  EXPECT_EQ("GONE", system.Verify(it));
}

TEST(WindowsProcess, TrustsATimeOfRecording) {
  System system;
  Child child({"idle"});
  const hpr_identity it = system.IdentifyRecorded(child.pid(), system.NowMs());
  EXPECT_EQ("KNOWN", Record(it.state));
  EXPECT_TRUE(it.kin);
  const hpr_identity late = system.IdentifyRecorded(child.pid(), system.NowMs() - kHourMs);
  EXPECT_EQ("NOBODY", Record(late.state));
  EXPECT_EQ("STRANGER", system.Verify(late));
}

TEST(WindowsProcess, NeverTakesTheKernelForAnAgent) {
  System system;
  for (int32_t pid = HPR_PID_MIN; pid <= 4; pid++) {
    const hpr_identity it = system.IdentifyRecorded(pid, system.NowMs());
    EXPECT_NE("KNOWN", Record(it.state)) << pid;
    EXPECT_FALSE(it.kin) << pid;
  }
}

TEST(WindowsProcess, KnowsAFamily) {
  System system;
  Child child({"chain", "2"}, 3), brother({"idle"});
  const hpr_identity family = system.Identify(child.pid());
  EXPECT_TRUE(system.Identify(child.said(1), &family).kin);
  EXPECT_TRUE(system.Identify(child.said(2), &family).kin);
  EXPECT_FALSE(system.Identify(brother.pid(), &family).kin);
  EXPECT_FALSE(system.Identify(Self(), &family).kin);
  EXPECT_FALSE(system.Identify(child.pid(), &family).kin);
  hpr_identity no_kin = family;
  no_kin.kin = false;
  EXPECT_FALSE(system.Identify(child.said(1), &no_kin).kin);
}

/* --- signal --------------------------------------------------------------------------------- */

TEST(WindowsSignal, EndsAChildWhateverItsName) {
  System system;
  for (const hpr_signal signal :
       {HPR_SIGNAL_TERM, HPR_SIGNAL_KILL, HPR_SIGNAL_INT, HPR_SIGNAL_HUP, HPR_SIGNAL_QUIT}) {
    Child child({"idle"});
    const hpr_identity it = system.Identify(child.pid());
    EXPECT_EQ("HPR_OK", system.Signal(it, signal));
    EXPECT_TRUE(child.Ends());
    EXPECT_EQ(1, child.ExitCode());
    EXPECT_EQ("HPR_ESRCH", system.Signal(it, signal));
  }
}

TEST(WindowsSignal, EndsOneAlone) {
  System system;
  Child child({"chain", "2"}, 3);
  const hpr_identity family = system.Identify(child.pid());
  Other middle(child.said(1)), below(child.said(2));
  EXPECT_EQ("HPR_OK", system.Signal(system.Identify(child.said(1), &family)));
  EXPECT_TRUE(middle.Ends());
  EXPECT_TRUE(below.IsAlive()) << "whose end is the core's to ask for";
  EXPECT_TRUE(child.IsAlive());
}

TEST(WindowsSignal, SparesAStranger) {
  System system;
  Child child({"idle"});
  hpr_identity it = system.Identify(child.pid());
  SetBirth(&it, std::to_string(std::stoull(BirthOf(it)) + 1));
  EXPECT_EQ("HPR_ESTRANGER", system.Signal(it, HPR_SIGNAL_KILL));
  it = system.Identify(child.pid());
  SetBoot(&it, "windows@0123456789abcdef");
  EXPECT_EQ("HPR_EFOREIGN", system.Signal(it, HPR_SIGNAL_KILL));
  it = system.Identify(child.pid());
  it.state = HPR_RECORD_OPAQUE;
  EXPECT_EQ("HPR_EUNKNOWN", system.Signal(it, HPR_SIGNAL_KILL));
  it = system.Identify(child.pid());
  it.kin = false;
  EXPECT_EQ("HPR_ENOTKIN", system.Signal(it, HPR_SIGNAL_KILL));
  EXPECT_TRUE(child.IsAlive());
}

TEST(WindowsSignal, SparesItselfAndTheSystem) {
  System system;
  for (const int32_t pid : {Self(), 2, 3, 4, 0, 1, -1}) {
    hpr_identity it = system.Identify(Self());
    it.pid = pid;
    it.kin = true;
    EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(it, HPR_SIGNAL_KILL)) << pid;
  }
}

TEST(WindowsSignal, SparesAnAncestor) {
  Child parent({"signal", std::to_string(Self())});
  EXPECT_EQ("HPR_EFORBIDDEN", Code(-parent.said()));
}

/* --- watch ---------------------------------------------------------------------------------- */

TEST(WindowsWatch, TellsOfAnEnd) {
  System system;
  Child child({"idle"});
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 7));
  EXPECT_TRUE(system.Notices().empty());
  child.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  EXPECT_EQ(std::vector<uint64_t>{7}, system.Notices());
}

TEST(WindowsWatch, TellsOfTheEndOfOneThatIsNoChild) {
  System system;
  Child child({"chain", "1"}, 2);
  const hpr_identity family = system.Identify(child.pid());
  const hpr_identity it = system.Identify(child.said(1), &family);
  ASSERT_EQ("HPR_OK", system.Watch(it, 8));
  ASSERT_EQ("HPR_OK", system.Signal(it));
  EXPECT_TRUE(system.HasNotices(1));
}

TEST(WindowsWatch, KeepsTheNumberFromPassingOn) {
  System system;
  Child child({"idle"});
  const hpr_identity it = system.Identify(child.pid());
  ASSERT_EQ("HPR_OK", system.Watch(it, 1));
  child.Forget();
  ASSERT_TRUE(system.HasNotices(1));
  const HANDLE still = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(child.pid()));
  EXPECT_NE(nullptr, still);
  CloseHandle(still);
  system.Unwatch(1);
  EXPECT_TRUE(Eventually([&] {
    const HANDLE later = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(child.pid()));
    if (later) CloseHandle(later);
    return later == nullptr;
  }));
}

TEST(WindowsWatch, WatchesNobodyWhoIsGone) {
  System system;
  Child child({"idle"});
  hpr_identity it = system.Identify(child.pid());
  SetBirth(&it, "1");
  EXPECT_EQ("HPR_ESRCH", system.Watch(it, 1)) << "a stranger";
  it = system.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("HPR_ESRCH", system.Watch(it, 2));
}

TEST(WindowsWatch, CanBeTakenBack) {
  System system;
  Child child({"idle"}), other({"idle"});
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(other.pid()), 2));
  system.Unwatch(1);
  system.Unwatch(1);
  system.Unwatch(99);
  child.Kill();
  other.Kill();
  ASSERT_TRUE(system.HasNotices(1));
  EXPECT_EQ(std::vector<uint64_t>{2}, system.Notices());
}

/* A waiting thread waits for 63 handles. */
TEST(WindowsWatch, WatchesMoreThanOneThreadCan) {
  constexpr uint64_t kWatches = 150;
  System system;
  Child child({"idle"}), other({"idle"});
  const hpr_identity it = system.Identify(child.pid()), second = system.Identify(other.pid());
  for (uint64_t i = 1; i <= kWatches; i++)
    ASSERT_EQ("HPR_OK", system.Watch(i % 2 ? it : second, i));
  child.Kill();
  ASSERT_TRUE(system.HasNotices(kWatches / 2));
  other.Kill();
  ASSERT_TRUE(system.HasNotices(kWatches));
  EXPECT_EQ(kWatches, system.Notices().size()) << "each once";
}

TEST(WindowsWatch, SaysNothingAfterItIsClosed) {
  System system;
  Child child({"idle"});
  ASSERT_EQ("HPR_OK", system.Watch(system.Identify(child.pid()), 1));
  system.Close();
  child.Kill();
  ASSERT_TRUE(child.Ends());
  Sleep(50);
  EXPECT_TRUE(system.Notices().empty());
}

TEST(WindowsWatch, ClosesWhileProcessesEnd) {
  for (int i = 0; i < 20; i++) {
    System system;
    Child child({"idle"});
    const hpr_identity it = system.Identify(child.pid());
    for (uint64_t watch = 1; watch <= 10; watch++) ASSERT_EQ("HPR_OK", system.Watch(it, watch));
    child.Kill();
    if (i % 2) system.Unwatch(static_cast<uint64_t>(i % 10));
    system.Close();
    EXPECT_LE(system.Notices().size(), 10u);
  }
}

TEST(WindowsWatch, LeavesNoHandleOpen) {
  const auto round = [] {
    System system;
    Child child({"chain", "1"}, 2);
    const hpr_identity it = system.Identify(child.pid());
    system.Identify(child.said(1), &it);
    system.Watch(it, 1);
    system.Watch(it, 2);
    system.Unwatch(2);
    system.Signal(it);
    system.HasNotices(1);
    system.Verify(it);
  };
  round();
  round(); /* the system's own threads have come */
  const size_t before = OpenHandles();
  for (int i = 0; i < 5; i++) round();
  EXPECT_LE(OpenHandles(), before + 2);
}

/* --- clock and nonce ------------------------------------------------------------------------ */

TEST(WindowsProcess, HasAClockAndNonces) {
  System system;
  const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(system.NowMs()), 1000);
  EXPECT_EQ(Self(), system.ops()->self_pid(system.ops()->self));
  EXPECT_NE(system.ops()->nonce(system.ops()->self), system.ops()->nonce(system.ops()->self));
}

} // namespace
