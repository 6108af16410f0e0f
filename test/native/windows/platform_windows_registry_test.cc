/* The whole registry on Windows: its processes, its file and its servers. */
#include <gtest/gtest.h>
#include <windows.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/folder.h"
#include "support/host.h"
#include "support/wait.h"
#include "windows/children.h"

extern "C" {
#include "platform/survey.h"
}

namespace {

bool HearsExits(Host *host, size_t count) {
  return Eventually([&] {
    host->HearNotices();
    return host->exits.size() >= count;
  });
}

/* Exits that only the watch tells wait a little for other changes. */
bool IsFileEmptied(Host *host, const std::string &path) {
  return Eventually([&] {
    host->FireTimers();
    return Unpadded(path) == FileOf({});
  });
}

std::vector<int32_t> PidsInFile(const std::string &path) {
  return PidsIn(TextOf(path).value_or(""));
}

TEST(WindowsRegistry, SeesAnExit) {
  Folder folder;
  Child child({"idle"});
  Host host(folder / "pids.json");
  ASSERT_TRUE(host.Register(child.pid(), "s"));
  EXPECT_EQ(std::vector<int32_t>{child.pid()}, PidsInFile(folder / "pids.json"));
  child.Kill();
  ASSERT_TRUE(HearsExits(&host, 1));
  EXPECT_TRUE(IsFileEmptied(&host, folder / "pids.json"));
  EXPECT_EQ(0u, host.size());
}

TEST(WindowsRegistry, EndsAProcessAndItsDescendants) {
  Folder folder;
  Child child({"chain", "2"}, 3);
  Other grandchild(child.said(2));
  Host host(folder / "pids.json");
  ASSERT_TRUE(host.Register(child.pid(), "s"));
  EXPECT_TRUE(host.Kill("s"));
  EXPECT_EQ(0u, host.size());
  EXPECT_TRUE(child.Ends());
  EXPECT_TRUE(grandchild.Ends());
  ASSERT_TRUE(HearsExits(&host, 1));
  EXPECT_TRUE(IsFileEmptied(&host, folder / "pids.json"));
  EXPECT_TRUE(host.warnings.empty());
}

TEST(WindowsRegistry, TakesOverTheOrphanOfADeadServer) {
  Folder folder;
  Child server({"serve", folder / "pids.json"}, 2);
  const int32_t pid = server.said(0) == server.pid() ? server.said(1) : server.said(0);
  Other agent(pid);
  Host host(folder / "pids.json");
  hpr_registry_cleanup_orphans(host.registry());
  EXPECT_EQ(0u, host.size()) << "its server lives";
  server.Kill();
  ASSERT_TRUE(Eventually([&] {
    host.HearNotices();
    return host.size() == 1;
  }));
  EXPECT_TRUE(agent.IsAlive());
  EXPECT_EQ(std::vector<int32_t>{pid}, PidsInFile(folder / "pids.json"));
  ASSERT_TRUE(hpr_registry_link_by_pid(host.registry(), "again", pid));
  EXPECT_TRUE(host.Kill("again"));
  EXPECT_TRUE(agent.Ends());
  ASSERT_TRUE(HearsExits(&host, 1));
  EXPECT_TRUE(IsFileEmptied(&host, folder / "pids.json"));
}

TEST(WindowsRegistry, DropsWhatIsGoneWithItsServer) {
  Folder folder;
  { Child server({"serve", folder / "pids.json"}, 2); }
  EXPECT_EQ(1u, PidsInFile(folder / "pids.json").size());
  Host host(folder / "pids.json");
  ASSERT_TRUE(Eventually([&] {
    hpr_registry_cleanup_orphans(host.registry());
    return Unpadded(folder / "pids.json") == FileOf({});
  }));
  EXPECT_EQ(0u, host.size());
}

/* Nobody tells here in which folder it works: it stays as long as it lives, without a proof. */
TEST(WindowsRegistry, SparesAStrangerUnderAnOldNumber) {
  Folder folder;
  Child stranger({"idle"});
  Write(folder / "pids.json", FileOf({R"({"pid":)" + std::to_string(stranger.pid()) +
                                      R"(,"cwd":"C:\\","spawnedAt":"2025-06-01T00:00:00.000Z"})"}));
  Host host(folder / "pids.json");
  hpr_registry_cleanup_orphans(host.registry());
  EXPECT_EQ(std::vector<std::string>{"HPR_ENOTKIN"}, host.warnings);
  hpr_registry_kill_all(host.registry());
  host.FireTimers();
  EXPECT_TRUE(stranger.IsAlive());
  EXPECT_EQ(std::vector<int32_t>{stranger.pid()}, PidsInFile(folder / "pids.json"));
  stranger.Kill();
  ASSERT_TRUE(HearsExits(&host, 1));
  EXPECT_TRUE(IsFileEmptied(&host, folder / "pids.json"));
}

TEST(WindowsRegistry, LosesNoEntryOfManyServers) {
  constexpr int kServers = 4, kEntries = 25;
  Folder folder;
  std::vector<std::unique_ptr<Child>> servers;
  for (int i = 0; i < kServers; i++)
    servers.push_back(std::make_unique<Child>(
        std::vector<std::string>{"write", folder / "pids.json", std::to_string((i + 1) * 1000),
                                 std::to_string(kEntries)},
        0));
  size_t reads = 0;
  while (
      std::any_of(servers.begin(), servers.end(), [](const auto &it) { return it->IsAlive(); })) {
    const std::optional<std::string> text = TextOf(folder / "pids.json");
    if (!text) continue;
    ASSERT_TRUE(IsSound(*text)) << *text;
    reads++;
  }
  EXPECT_GT(reads, 0u);
  EXPECT_EQ(size_t{kServers} * kEntries, PidsInFile(folder / "pids.json").size());
  EXPECT_TRUE(NamesWith(folder.path(), ".tmp").empty());
}

TEST(WindowsRegistry, KeepsADamagedFileAside) {
  Folder folder;
  Write(folder / "pids.json", "{\"entries\":[" + EntryOf(1000) + ",{");
  Child child({"idle"});
  Host host(folder / "pids.json");
  ASSERT_TRUE(host.Register(child.pid(), "s"));
  EXPECT_EQ(1u, NamesWith(folder.path(), ".corrupt-").size());
  EXPECT_EQ(std::vector<std::string>{"HPR_ECORRUPT"}, host.warnings);
}

TEST(WindowsRegistry, CollectsTemporaryFilesOfTheDead) {
  Folder folder;
  const std::string left = "pids.json.0123456789abcdef.0.tmp";
  Write(folder / left, "");
  Write(folder / "pids.json.tmp", "");
  Host host(folder.path() + "\\pids.json");
  hpr_registry_cleanup_orphans(host.registry());
  EXPECT_TRUE(NamesWith(folder.path(), left).empty());
  EXPECT_FALSE(NamesWith(folder.path(), "pids.json.tmp").empty());
}

/* --- survey --------------------------------------------------------------------------------- */

struct Seen {
  int32_t pid = 0, found = 0, parent = 0;
  bool ours = false;
  int64_t started_ms = 0, resident_bytes = 0;
  std::string command;
};

TEST(WindowsSurvey, ShowsAChild) {
  Child child({"idle"});
  Seen seen;
  seen.pid = child.pid();
  const int result = hpr_survey(
      [](void *context, const hpr_survey_item *item) {
        Seen *it = static_cast<Seen *>(context);
        if (item->pid != it->pid) return;
        it->found++;
        it->parent = item->parent;
        it->ours = item->ours;
        it->started_ms = item->started_ms;
        it->resident_bytes = item->resident_bytes;
        it->command = item->command;
      },
      &seen);
  ASSERT_EQ("HPR_OK", Code(result));
  EXPECT_EQ(1, seen.found);
  EXPECT_EQ(static_cast<int32_t>(GetCurrentProcessId()), seen.parent);
  EXPECT_TRUE(seen.ours);
  EXPECT_NEAR(1e3 * static_cast<double>(time(nullptr)), static_cast<double>(seen.started_ms), 60e3);
  EXPECT_GT(seen.resident_bytes, 0);
  EXPECT_NE(std::string::npos, seen.command.find("windows_tests")) << seen.command;
  if (IsWine()) GTEST_SKIP() << "Wine 8 tells no command lines";
  EXPECT_NE(std::string::npos, seen.command.find("idle")) << seen.command;
}

} // namespace
