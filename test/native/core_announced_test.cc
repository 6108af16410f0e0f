#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

class Announced : public Machine {
protected:
  static constexpr char kToken[] = "a-token-that-is-announced";

  void Announce(Server &server, const std::string &token = kToken) {
    server.Do([&](hpr_registry *registry) {
      EXPECT_EQ("HPR_OK", Code(hpr_registry_announce(registry, token.c_str())));
    });
  }

  bool IsInFile(const std::string &text) { return File().find(text) != std::string::npos; }

  size_t TimesInFile(const std::string &text) {
    size_t times = 0;
    const std::string file = File();
    for (size_t at = 0; (at = file.find(text, at)) != std::string::npos; at++) times++;
    return times;
  }

  size_t Forget() {
    Server::Options options;
    options.guest = true;
    size_t dropped = 0;
    Start(options).Do([&](hpr_registry *registry) {
      EXPECT_EQ("HPR_OK", Code(hpr_registry_forget(registry, &dropped)));
    });
    return dropped;
  }

  /* A server of another host has announced one, and nobody here can tell whether it lives. */
  void AnnounceElsewhere() {
    disk.shared = true;
    Server &before = Start();
    Announce(before);
    kernel.Reboot();
    before.Crash();
  }
};

TEST_F(Announced, StandOnceAndUntilTheirProcessIsRegistered) {
  Server &server = Start(), &other = Start();
  Announce(server);
  Announce(other, "the-token-of-another-server");
  server.Register(9000);
  other.Register(9001);
  server.Register(9002);
  EXPECT_EQ(1u, TimesInFile(kToken));
  EXPECT_EQ(1u, TimesInFile("the-token-of-another-server"));
  Child(server, kToken);
  server.Remove(Pid(Child(server)));
  EXPECT_EQ(1u, TimesInFile(kToken)) << "in the row of its process";
}

TEST_F(Announced, OfAnotherHostStayForSevenDays) {
  AnnounceElsewhere();
  Server &first = StartAndClean();
  EXPECT_EQ("HPR_EFOREIGN", Warnings(first));
  EXPECT_TRUE(IsInFile("foreignSince"));
  kernel.now_ms += 7 * kDayMs;
  StartAndClean();
  EXPECT_TRUE(IsInFile(kToken));
  kernel.now_ms += sim::kDiskTickMs;
  Server &last = StartAndClean();
  EXPECT_FALSE(IsInFile(kToken));
  EXPECT_EQ("HPR_EABANDONED", Warnings(last));
}

TEST_F(Announced, OfAnotherHostKeepWhatALaterVersionSaysOfThem) {
  AnnounceElsewhere();
  std::string text = File();
  const std::string key = R"("spawnToken")";
  disk.Write(sim::kPidFile,
             text.replace(text.find(key), 0, R"("later":[1,{"x":9007199254740993}],)"));
  StartAndClean();
  EXPECT_TRUE(IsInFile("foreignSince"));
  EXPECT_TRUE(IsInFile(R"("later":[1,{"x":9007199254740993}])"));
}

TEST_F(Announced, LoseTheirDateWhenTheirOwnerLives) {
  disk.shared = true;
  Server &owner = Start();
  Announce(owner);
  std::string text = File();
  const std::string key = R"("spawnToken")";
  disk.Write(sim::kPidFile,
             text.replace(text.find(key), 0, R"("foreignSince":"2023-11-01T00:00:00.000Z",)"));
  StartAndClean();
  EXPECT_TRUE(IsInFile(kToken));
  EXPECT_FALSE(IsInFile("foreignSince"));
}

TEST_F(Announced, OfAnotherHostAreForgottenWhenAPersonSaysSo) {
  AnnounceElsewhere();
  Server &living = Start();
  Announce(living, "the-token-of-a-living-server");
  EXPECT_EQ(0u, Forget()) << "no entries";
  EXPECT_FALSE(IsInFile(kToken));
  EXPECT_TRUE(IsInFile("the-token-of-a-living-server"));
}

/* --- the children of servers that are gone --------------------------------------------------- */

class Lost : public Announced {
protected:
  /* The server announces the token and starts a session with it, which it does not register. */
  Serial Spawn(Server &server, const std::string &token = kToken) {
    Announce(server, token);
    return Started(server.serial(), token);
  }

  Serial Started(Serial parent, const std::string &token) {
    const Serial child = kernel.Spawn(parent);
    kernel.LeadSession(child);
    kernel.Find(child)->environment = {"PI_DASHBOARD_SPAWN_TOKEN=" + token};
    return child;
  }
};

TEST_F(Lost, AreAdoptedOnceByWhoeverComesNext) {
  Server &before = Start();
  const Serial child = Spawn(before);
  before.Crash();
  Server &next = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(next));
  EXPECT_EQ(Pids{}, PidsOf(StartAndClean()));
}

TEST_F(Lost, AreAdoptedByOneThatWasThereBefore) {
  Server &before = Start(), &other = StartAndClean();
  const Serial child = Spawn(before);
  before.Crash();
  Pass(2000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(other));
}

/* Its server is killed between fork() and exec(). */
TEST_F(Lost, AreAdoptedIfTheirServerEndsWhileTheyStart) {
  Server &before = Start(), &other = StartAndClean();
  Announce(before, "token-of-an-earlier-one");
  Pass(2000); /* the other watches it */
  Announce(before);
  before.Crash();
  Proceed();
  ASSERT_FALSE(IsInFile("token-of-an-earlier-one")) << "all were judged";
  const Serial child = Started(kernel.init(), kToken);
  Pass(2000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(other));
}

TEST_F(Lost, AreGivenUpASecondAfterTheyCouldHaveStarted) {
  Server &before = Start(), &other = StartAndClean();
  Announce(before);
  before.Crash();
  Pass(3000);
  EXPECT_FALSE(IsInFile(kToken));
  EXPECT_EQ(Pids{}, PidsOf(other));
}

TEST_F(Lost, AreLookedForAgainWhereNobodyCouldLook) {
  Server &before = Start();
  const Serial child = Spawn(before);
  before.Crash();
  Server &next = Start();
  kernel.proc_mounted = false;
  next.CleanupOrphans();
  EXPECT_EQ(Pids{}, PidsOf(next));
  EXPECT_TRUE(IsInFile(kToken));
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(next));
}

TEST_F(Lost, AreAdoptedByOneOfTwoWhileTheFileCannotBeWritten) {
  Server &before = Start();
  const Serial child = Spawn(before);
  before.Crash();
  disk.create_fault = HPR_ENOSPC;
  Server &one = StartAndClean(), &other = StartAndClean();
  Pass(5000);
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ(1u, PidsOf(one).size() + PidsOf(other).size());
  disk.create_fault = 0;
  Pass(5000);
  EXPECT_EQ(1u, PidsOf(one).size() + PidsOf(other).size());
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_EQ(1u, TimesInFile(kToken)) << "in the row of its process";
}

TEST_F(Lost, AreFoundByOneLookForAllTokens) {
  Server &before = Start();
  Spawn(before);
  Pass(5000);
  for (int i = 0; i < 100; i++) Announce(before, "token-of-nobody-" + std::to_string(i));
  before.Crash();
  size_t calls = 0;
  kernel.on_system_call = [&] { calls++; };
  Server &next = StartAndClean();
  EXPECT_EQ(1u, PidsOf(next).size());
  EXPECT_LT(calls, 1000u);
  EXPECT_FALSE(IsInFile("token-of-nobody"));
}

TEST_F(Lost, AreNotWhatStartedBeforeTheirTokenWasAnnounced) {
  Server &before = Start();
  Started(before.serial(), kToken);
  Pass(1000);
  Announce(before);
  Pass(1000);
  const Serial child = Started(before.serial(), kToken);
  before.Crash();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(StartAndClean()));
}

TEST_F(Lost, AreNotWhatALivingServerHasRegistered) {
  Server &before = Start(), &other = Start();
  const Serial child = Spawn(before);
  other.Register(Pid(child));
  before.Crash();
  EXPECT_EQ(Pids{}, PidsOf(StartAndClean()));
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(other));
}

TEST_F(Lost, AreNotWhatASessionHasLeftWhoseExitWasTold) {
  Server &before = Start();
  const Serial child = Spawn(before);
  Server &other = Start();
  other.Register(Pid(child), "/", kToken);
  Started(child, kToken);
  Announce(before, "another-token-of-this-server");
  other.Crash();
  before.Crash();
  End(child);
  Server &next = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(next));
  EXPECT_EQ(Pids{Pid(child)}, Exits(next));
}

} // namespace
