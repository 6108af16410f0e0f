#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

class Events : public Machine {
protected:
  static std::string ExitOf(int32_t pid) { return "exited " + std::to_string(pid); }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Events, OfAQuietRegistryIsItsEndOnly) {
  Server &server = Start();
  Child(server);
  server.Close();
  EXPECT_EQ(Texts{"closed"}, server.reports);
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Events, AnswerThoseWhoWaitBeforeTheyTellOfTheExit) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  server.Terminate(BySession("s"));
  server.Terminate(BySession("s"));
  Proceed();
  EXPECT_EQ((Texts{"terminated 1", "terminated 2", ExitOf(Pid(child))}), server.reports);
}

TEST_F(Events, KeepTheOrderOfTheirCauses) {
  Server &server = Start();
  const Serial stranger = Stranger();
  disk.create_fault = HPR_ENOSPC;
  server.Register(Pid(stranger));
  server.Terminate(ByPid(9000));
  EXPECT_EQ((Texts{"warned HPR_ENOTKIN", "warned HPR_ENOSPC", "terminated 1"}), server.reports);
}

TEST_F(Events, ComeWhenTheFileIsWritten) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  Pids then = {1};
  server.on_exit_event = [&] { then = FilePids(); };
  server.Kill("s");
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  Proceed();
  EXPECT_EQ(Pids{}, then);
}

/* --- race: calls from within a report ----------------------------------------------------------
 */

TEST_F(Events, OfAnExitMayRegisterAnother) {
  Server &server = Start();
  const Serial child = Child(server), next = server.Spawn();
  server.on_exit_event = [&] {
    EXPECT_TRUE(server.Register(Pid(next), "/", "t"));
    EXPECT_EQ(Pids{Pid(next)}, FilePids());
  };
  End(child);
  Proceed();
  EXPECT_EQ(Pids{Pid(next)}, PidsOf(server));
}

TEST_F(Events, OfAnExitMayEndTheOthers) {
  Server &server = Start();
  const Serial a = Child(server), b = Linked(server, "b"), c = Linked(server, "c");
  server.on_exit_event = [&] {
    server.Kill("b");
    server.KillAll();
  };
  End(a);
  Proceed();
  Proceed();
  EXPECT_EQ("TERM CONT", SignalsTo(b));
  EXPECT_EQ("TERM CONT", SignalsTo(c));
  EXPECT_EQ(0u, PidsOf(server).size());
}

TEST_F(Events, OfAWarningMayRemoveWhatItIsAbout) {
  Server &server = Start();
  const Serial stranger = Stranger();
  server.on_report = [&](const std::string &) { server.Remove(Pid(stranger)); };
  EXPECT_TRUE(server.Register(Pid(stranger)));
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Events, OfATerminationMayAskForTheNext) {
  Server &server = Start();
  const Serial a = Linked(server, "a"), b = Linked(server, "b");
  server.on_report = [&](const std::string &report) {
    if (report == "terminated 1") server.Terminate(BySession("b"));
    if (report == "terminated 2") server.Terminate(BySession("nobody"));
  };
  server.Terminate(BySession("a"));
  Proceed();
  Proceed();
  EXPECT_EQ((Texts{"terminated 1", ExitOf(Pid(a)), "terminated 2", ExitOf(Pid(b)), "terminated 3"}),
            server.reports);
}

TEST_F(Events, ThatOthersCauseComeAfterThoseThatWait) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  bool inside = false;
  server.on_report = [&](const std::string &report) {
    EXPECT_FALSE(inside) << "never one within another";
    inside = true;
    if (report == "terminated 1") server.Terminate(ByPid(9000));
    inside = false;
  };
  server.Terminate(BySession("s"));
  Proceed();
  EXPECT_EQ((Texts{"terminated 1", ExitOf(Pid(child)), "terminated 2"}), server.reports);
}

/* --- race: the end -----------------------------------------------------------------------------
 */

TEST_F(Events, EndWithTheRegistry) {
  Server &server = Start();
  const Serial a = Linked(server, "a"), b = Linked(server, "b");
  kernel.Find(a)->ignores_term = kernel.Find(b)->ignores_term = true;
  server.Terminate(BySession("a"));
  server.Terminate(BySession("b"));
  server.Terminate(BySession("a"));
  const std::string before = File();
  server.Close();
  EXPECT_EQ((Texts{"terminated 1", "terminated 3", "terminated 2", "closed"}), server.reports);
  for (const uint64_t request : {1, 2, 3}) EXPECT_EQ("UNKNOWN", OutcomeOf(server, request));
  EXPECT_EQ(before, File()) << "it is left as it is";
  EXPECT_EQ("TERM CONT", SignalsTo(a)) << "and nobody is signalled";
  EXPECT_FALSE(server.NextTimer());
  EXPECT_EQ(0u, kernel.OpenPidfds(server.serial()));
  EXPECT_EQ(0u, disk.OpenFilesOf(server.serial()));
}

TEST_F(Events, EndWhenTheReportThatClosesHasReturned) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  server.on_report = [&](const std::string &report) {
    if (report != "terminated 1") return;
    server.Close();
    server.Close();
    EXPECT_TRUE(server.is_open());
    EXPECT_EQ(0u, server.size()) << "it still answers";
  };
  server.Terminate(BySession("s"));
  Proceed();
  EXPECT_FALSE(server.is_open());
  EXPECT_EQ((Texts{"terminated 1", ExitOf(Pid(child)), "closed"}), server.reports);
}

TEST_F(Events, OfAnExitMayCloseTheRegistry) {
  Server &server = Start();
  const Serial a = Linked(server, "a"), b = Linked(server, "b");
  kernel.Find(b)->ignores_term = true;
  server.on_exit_event = [&] { server.Close(); };
  server.Terminate(BySession("b"));
  End(a);
  Proceed();
  EXPECT_FALSE(server.is_open());
  EXPECT_EQ((Texts{ExitOf(Pid(a)), "terminated 1", "closed"}), server.reports);
  EXPECT_EQ("UNKNOWN", OutcomeOf(server, 1));
  EXPECT_EQ(Pids{Pid(b)}, FilePids());
}

TEST_F(Events, OfTheEndMayCloseAgain) {
  Server &server = Start();
  const Serial a = Linked(server, "a"), b = Linked(server, "b");
  kernel.Find(a)->ignores_term = kernel.Find(b)->ignores_term = true;
  server.Terminate(BySession("a"));
  server.Terminate(BySession("b"));
  server.on_report = [&](const std::string &) { server.Close(); };
  server.Close();
  EXPECT_EQ((Texts{"terminated 1", "terminated 2", "closed"}), server.reports);
}

/* The file is the next server's by then. */
TEST_F(Events, OfTheEndRegisterNobodyAnyMore) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), next = server.Spawn(), keeper = server.Spawn();
  kernel.Find(child)->ignores_term = true;
  server.Terminate(BySession("s"));
  server.on_report = [&](const std::string &) {
    EXPECT_FALSE(server.Register(Pid(next)));
    hpr_adoption adoption = {};
    adoption.keeper_pid = Pid(keeper);
    adoption.socket_path = "/k.sock";
    adoption.cwd = "/";
    adoption.recorded_ms = adoption.spawned_ms = HPR_SPAWNED_UNKNOWN;
    server.Do([&](hpr_registry *it) { EXPECT_EQ(0, hpr_registry_adopt_keeper(it, &adoption)); });
    EXPECT_EQ(0u, server.size());
  };
  server.Close();
  EXPECT_EQ((Texts{"terminated 1", "closed"}), server.reports);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
}

TEST_F(Events, OfAWarningMayCloseTheRegistryThatRegisters) {
  Server &server = Start();
  const Serial stranger = Stranger();
  server.on_report = [&](const std::string &) { server.Close(); };
  EXPECT_TRUE(server.Register(Pid(stranger)));
  EXPECT_FALSE(server.is_open());
  EXPECT_EQ((Texts{"warned HPR_ENOTKIN", "closed"}), server.reports);
}

} // namespace
