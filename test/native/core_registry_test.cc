#include <gtest/gtest.h>

#include <climits>
#include <string>
#include <vector>

#include "support/machine.h"

namespace {

class Registry : public Machine {
protected:
  /* The code of a registration with these pids, of 9000 and of no keeper by default. */
  std::string Register(Server &server, int32_t pid, int32_t keeper_pid = 0) {
    std::string code;
    server.Do([&](hpr_registry *registry) {
      hpr_ticket ticket;
      hpr_registration it{};
      it.pid = pid;
      it.cwd = "/";
      it.keeper_pid = keeper_pid;
      code = Code(hpr_registry_register(registry, &it, &ticket));
    });
    return code;
  }

  /* A keeper whose socket `listener` is found to listen on; nullptr: nobody can tell. */
  bool Attach(Server &server, int32_t pid, const char *path,
              const hpr_identity *listener = nullptr) {
    bool attached = false;
    server.Do([&](hpr_registry *registry) {
      attached = hpr_registry_attach_keeper(registry, pid, path, listener, 0);
    });
    return attached;
  }

  bool WantsListener(Server &server, int32_t pid, bool adopts = false) {
    bool wants = false;
    server.Do([&](hpr_registry *registry) {
      wants = hpr_registry_wants_listener(registry, pid, adopts);
    });
    return wants;
  }

  /* "": none. */
  std::string SocketOf(Server &server, const char *session) {
    std::string path;
    server.Do([&](hpr_registry *registry) {
      const char *found = hpr_registry_socket_of(registry, session);
      if (found) path = found;
    });
    return path;
  }

  /* A registered session whose socket is there. */
  void Listen(Server &server, const std::string &path) {
    server.Register(9000, "/", "t");
    server.Link("t", "s");
    Attach(server, 9000, path.c_str());
  }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Registry, ThatIsNullIsClosedAlready) { hpr_registry_close(nullptr); }

TEST_F(Registry, KeepsTheGraceTimeThatItWasGiven) {
  for (const int32_t grace_ms : {int32_t{0}, int32_t{HPR_GRACE_NEVER}, int32_t{1234}}) {
    Server::Options options;
    options.grace_ms = grace_ms;
    Start(options).Do(
        [&](hpr_registry *registry) { EXPECT_EQ(grace_ms, hpr_registry_grace_ms(registry)); });
  }
}

TEST_F(Registry, HasNoSocketOfAnUnknownSession) {
  Server &server = Start();
  server.Register(9000, "/", "t");
  server.Link("t", "s");
  EXPECT_EQ("", SocketOf(server, "nobody"));
  EXPECT_EQ("", SocketOf(server, "s"));
  EXPECT_EQ("", Warnings(server));
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Registry, TakesEveryPidThatASystemMayGiveOut) {
  Server &server = Start();
  EXPECT_EQ("HPR_OK", Register(server, HPR_PID_MIN));
  EXPECT_EQ("HPR_OK", Register(server, HPR_PID_MAX, HPR_PID_MAX));
  EXPECT_EQ((Pids{HPR_PID_MIN, HPR_PID_MAX}), FilePids());
}

TEST_F(Registry, ShowsItsEntriesInOrder) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const Serial ending = Linked(server, "e", "/w");
  server.Kill("e");
  std::vector<hpr_snapshot> seen;
  server.Do([&](hpr_registry *registry) {
    const auto visit = [](void *context, const hpr_snapshot *entry) {
      static_cast<std::vector<hpr_snapshot> *>(context)->push_back(*entry);
    };
    hpr_registry_each(registry, visit, &seen);
  });
  ASSERT_EQ(2u, seen.size());
  EXPECT_EQ(Pid(keeper), seen[0].pid);
  EXPECT_EQ(Pid(keeper), seen[0].keeper_pid);
  EXPECT_EQ(Pid(pi), seen[0].pi_pid);
  EXPECT_EQ(kernel.now_ms, seen[0].spawned_ms);
  EXPECT_STREQ("/", seen[0].cwd);
  EXPECT_STREQ("s", seen[0].session);
  EXPECT_STREQ("s", seen[0].token);
  EXPECT_STREQ("/sessions/keeper.sock", seen[0].socket_path);
  EXPECT_TRUE(seen[0].kin);
  EXPECT_EQ(HPR_STATE_LIVE, seen[0].state);
  EXPECT_EQ(HPR_EXIT_CODE_NONE, seen[0].exit_code);
  EXPECT_EQ(nullptr, seen[0].exit_signal);
  EXPECT_EQ(Pid(ending), seen[1].pid);
  EXPECT_STREQ("/w", seen[1].cwd);
  EXPECT_EQ(nullptr, seen[1].socket_path);
  EXPECT_EQ(HPR_STATE_TERMINATING, seen[1].state);
}

TEST_F(Registry, MakesAnEntryAKeepersThatHasNone) {
  Server &server = Start();
  Listen(server, "/found.sock");
  EXPECT_EQ(9000, hpr_row_more(InFile(9000))->keeper.pid);
  EXPECT_EQ("/found.sock", SocketOf(server, "s"));
}

TEST_F(Registry, GivesAnAttachedKeeperItsTurn) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  kernel.LeadGroup(pi);
  server.Register(Pid(keeper), "/", "t");
  const hpr_identity listener = InFile(Pid(keeper))->main;
  EXPECT_TRUE(Attach(server, Pid(keeper), "/found.sock", &listener));
  server.Link("t", "s", Pid(pi));
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(keeper));
  kernel.Die(pi, 15);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
}

TEST_F(Registry, HasASocketOf107Bytes) {
  Server &server = Start();
  const std::string path = "/" + std::string(106, 'x');
  Listen(server, path);
  EXPECT_EQ(path, SocketOf(server, "s"));
  EXPECT_EQ("", Warnings(server));
}

/* --- failure ---------------------------------------------------------------------------------- */

TEST_F(Registry, RefusesPidsThatAddressOthers) {
  Server &server = Start();
  for (const int32_t pid : {0, 1, -1, -1234, INT_MIN}) {
    EXPECT_EQ("HPR_EINVAL", Register(server, pid)) << pid;
    EXPECT_EQ(pid == 0 ? "HPR_OK" : "HPR_EINVAL", Register(server, 9000, pid)) << pid;
  }
  server.Remove(9000);
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Registry, RefusesWithoutTouchingWhatIsThere) {
  Server &server = Start();
  server.Register(9000, "/", "t");
  server.Link("t", "s");
  const std::string before = File();
  EXPECT_EQ("HPR_EINVAL", Register(server, 9000, 1));
  EXPECT_EQ(before, File());
  EXPECT_EQ(9000, server.PidOf("s"));
}

TEST_F(Registry, NeverSignalsItselfItsParentOrItsGroup) {
  Server &server = Start();
  for (const int32_t pid : {server.pid(), sim::kShell}) {
    server.Register(pid, "/", "t");
    server.Link("t", "s");
    EXPECT_EQ("NOT_OURS", OutcomeOf(server, server.Terminate(BySession("s"), HPR_SIGNAL_KILL, 0)));
  }
  EXPECT_EQ("", Signals());
  EXPECT_EQ(0u, server.size());
}

TEST_F(Registry, LeavesAKeeperWithoutAnEntryAlone) {
  Server &server = Start();
  Attach(server, 9000, "/found.sock");
  EXPECT_EQ(0u, server.size());
  EXPECT_FALSE(disk.Read(sim::kPidFile));
}

TEST_F(Registry, LeavesAnEntryAloneThatHasAKeeper) {
  Server &server = Start();
  server.Register(9000, "/", "t", 9000);
  server.Link("t", "s");
  Attach(server, 9000, "/other.sock");
  EXPECT_EQ("/sessions/keeper.sock", SocketOf(server, "s"));
}

TEST_F(Registry, AttachesNoProcessThatIsNotProvedToListen) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), other = server.Spawn();
  server.Register(Pid(keeper), "/", "t");
  server.Register(Pid(other), "/", "o");
  const std::string before = File();
  const hpr_identity stranger = InFile(Pid(other))->main;
  hpr_identity earlier = InFile(Pid(keeper))->main; /* the number's last holder */
  earlier.birth.name++;
  earlier.birth.start++;
  EXPECT_TRUE(WantsListener(server, Pid(keeper)));
  EXPECT_FALSE(Attach(server, Pid(keeper), "/found.sock"));
  EXPECT_FALSE(Attach(server, Pid(keeper), "/found.sock", &stranger));
  EXPECT_FALSE(Attach(server, Pid(keeper), "/found.sock", &earlier));
  EXPECT_EQ(before, File());
}

TEST_F(Registry, AsksForAListenerOnlyWhereItMatters) {
  Server &server = Start();
  server.Register(9000);
  EXPECT_FALSE(WantsListener(server, 9000)) << "nobody held it: it is attached as told";
  EXPECT_FALSE(WantsListener(server, 9001));
  EXPECT_TRUE(WantsListener(server, 9001, true));
  Attach(server, 9000, "/found.sock");
  const Serial keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_FALSE(WantsListener(server, Pid(keeper), true));
}

TEST_F(Registry, LeavesAnEntryAloneThatIsEnding) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  server.Kill("s");
  const std::string before = File();
  Attach(server, Pid(child), "/found.sock");
  EXPECT_EQ(before, File());
}

TEST_F(Registry, ConnectsToNoRelativeSocket) {
  Server &server = Start();
  Listen(server, "found.sock");
  EXPECT_EQ("", SocketOf(server, "s"));
  ASSERT_EQ("HPR_EINVAL", Warnings(server));
  EXPECT_EQ(9000, server.warnings[0].pid);
  EXPECT_EQ("found.sock", server.warnings[0].path);
}

TEST_F(Registry, ConnectsToNoSocketThatIsTooLong) {
  Server &server = Start();
  Listen(server, "/" + std::string(107, 'x'));
  EXPECT_EQ("", SocketOf(server, "s"));
  EXPECT_EQ("HPR_EINVAL", Warnings(server));
}

/* --- race ----------------------------------------------------------------------------------- */

TEST_F(Registry, LosesTheSocketWithItsKeeper) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  EXPECT_EQ("/sessions/keeper.sock", SocketOf(server, "s"));
  End(keeper);
  Proceed();
  ASSERT_EQ(Pid(pi), server.PidOf("s"));
  EXPECT_EQ("", SocketOf(server, "s"));
}

} // namespace
