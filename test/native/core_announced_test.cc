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

} // namespace
