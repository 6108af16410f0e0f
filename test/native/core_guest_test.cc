#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/machine.h"

namespace {

class Guest : public Machine {
protected:
  /* What a guest was shown of one entry. */
  struct Seen {
    int32_t pid, stands_for;
    hpr_verdict verdict;
    hpr_ownership owner;
    bool can_end;
    std::string session, refused;
  };

  Server &Visitor() {
    Server::Options options;
    options.guest = true;
    return Start(options);
  }

  std::vector<Seen> Borrow(Server &guest) {
    std::vector<Seen> seen;
    guest.Do([&](hpr_registry *registry) {
      const auto visit = [](void *context, const hpr_borrowed *it) {
        static_cast<std::vector<Seen> *>(context)->push_back(
            {it->entry.pid, it->stands_for, it->verdict, it->owner, it->can_end,
             it->entry.session ? it->entry.session : "",
             it->refused ? std::string(it->refused, it->refused_size) : ""});
      };
      bool damaged;
      EXPECT_EQ("HPR_OK", Code(hpr_registry_borrow(registry, visit, &seen, &damaged)));
      EXPECT_FALSE(damaged);
    });
    return seen;
  }

  size_t Tidy(Server &guest) {
    size_t dropped = 0;
    guest.Do([&](hpr_registry *registry) {
      EXPECT_EQ("HPR_OK", Code(hpr_registry_tidy(registry, &dropped)));
    });
    return dropped;
  }
};

TEST_F(Guest, OfNoFileSeesNothingAndMakesNone) {
  Server &guest = Visitor();
  EXPECT_TRUE(Borrow(guest).empty());
  EXPECT_EQ(0u, Tidy(guest));
  EXPECT_FALSE(disk.Read(sim::kPidFile));
}

TEST_F(Guest, SeesTheEntriesOfEveryServer) {
  Server &living = Start(), &dead = Start();
  const Serial a = Linked(living, "a"), b = Linked(dead, "b");
  dead.Crash();
  Server &guest = Visitor();
  const std::string before = File();
  const std::vector<Seen> seen = Borrow(guest);
  ASSERT_EQ(2u, seen.size());
  const Seen &first = seen[seen[0].pid == Pid(a) ? 0 : 1], &second = seen[seen[0].pid == Pid(a)];
  EXPECT_EQ("a", first.session);
  EXPECT_EQ(HPR_OWNER_LIVES, first.owner);
  EXPECT_EQ(Pid(b), second.pid);
  EXPECT_EQ("b", second.session);
  EXPECT_EQ(HPR_OWNER_GONE, second.owner);
  EXPECT_EQ(HPR_VERDICT_SAME, second.verdict);
  EXPECT_TRUE(first.can_end && second.can_end);
  guest.Close();
  EXPECT_EQ(before, File()) << "looking takes nothing over";
}

TEST_F(Guest, EndsByTheSameLadderAndWritesNothing) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.Find(child)->ignores_term = true;
  server.Crash();
  Server &guest = Visitor();
  Borrow(guest);
  const std::string before = File();
  const uint64_t request = guest.Terminate(ByPid(Pid(child)));
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(guest, request));
  EXPECT_EQ(before, File());
  EXPECT_EQ(1u, Tidy(guest));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Guest, SignalsNoStranger) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const int32_t pid = Pid(child);
  server.Crash();
  const Serial stranger = UseAgain(child);
  Server &guest = Visitor();
  const std::vector<Seen> seen = Borrow(guest);
  ASSERT_EQ(1u, seen.size());
  EXPECT_EQ(HPR_VERDICT_STRANGER, seen[0].verdict);
  EXPECT_FALSE(seen[0].can_end);
  const uint64_t request = guest.Terminate(ByPid(pid));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(guest, request));
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Guest, SignalsNoStrangerWhoCameAfterTheLook) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const int32_t pid = Pid(child);
  server.Crash();
  Server &guest = Visitor();
  ASSERT_TRUE(Borrow(guest)[0].can_end);
  const Serial stranger = UseAgain(child);
  const uint64_t request = guest.Terminate(ByPid(pid));
  EXPECT_EQ("ALREADY_GONE", OutcomeOf(guest, request));
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Guest, SeesPiWhereItsKeeperIsGone) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  server.Crash();
  End(keeper);
  Server &guest = Visitor();
  const std::vector<Seen> seen = Borrow(guest);
  EXPECT_EQ(Pid(pi), seen[0].stands_for);
  EXPECT_TRUE(seen[0].can_end);
}

TEST_F(Guest, HoldsTheFirstOfTwoWithOnePid) {
  Server &server = Start();
  Linked(server, "s");
  server.Crash();
  const std::string text = File();
  const size_t begin = text.find("{\"pid\""), end = text.rfind('}', text.rfind(']')) + 1;
  const std::string entry = text.substr(begin, end - begin);
  WriteFile({entry, entry});
  Server &guest = Visitor();
  const std::vector<Seen> seen = Borrow(guest);
  ASSERT_EQ(2u, seen.size());
  EXPECT_TRUE(seen[0].can_end);
  EXPECT_FALSE(seen[1].can_end);
}

TEST_F(Guest, ShowsWhatIsNoEntry) {
  WriteFile({R"({"pid":-1,"cwd":"/"})"});
  Server &guest = Visitor();
  const std::vector<Seen> seen = Borrow(guest);
  ASSERT_EQ(1u, seen.size());
  EXPECT_EQ(R"({"pid":-1,"cwd":"/"})", seen[0].refused);
}

TEST_F(Guest, TidiesOnlyWhatIsGoneWithItsServer) {
  Server &living = Start(), &dead = Start();
  const Serial a = Linked(living, "a"), b = Linked(dead, "b"), c = Linked(dead, "c");
  const int32_t gone = Pid(c);
  dead.Crash();
  End(c);
  Server &guest = Visitor();
  EXPECT_EQ(1u, Tidy(guest));
  EXPECT_EQ(nullptr, InFile(gone));
  EXPECT_NE(nullptr, InFile(Pid(a)));
  EXPECT_NE(nullptr, InFile(Pid(b)));
  const std::string before = File();
  EXPECT_EQ(0u, Tidy(guest));
  EXPECT_EQ(before, File());
}

TEST_F(Guest, LeavesWhatALivingServerKeepsToIt) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const int32_t pid = Pid(child);
  kernel.Die(child, 0); /* and its server has not heard of it yet */
  Server &guest = Visitor();
  EXPECT_EQ(0u, Tidy(guest));
  EXPECT_NE(nullptr, InFile(pid));
}

} // namespace
