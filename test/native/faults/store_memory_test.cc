/* The pid file without a registry, where every allocation fails once. */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faults/faulty_memory.h"
#include "support/client.h"
#include "support/folder.h"

namespace {

const std::string kForeign = R"({ "pid" : 5, "cwd" : "/", "x" : { "y" : [ 9007199254740993 ] } })";
const std::string kFull =
    R"({"pid":6,"cwd":"/w","spawnToken":"t","keeperPid":6,"keeperSockPath":"/s","identity":{"boot":"b","birth":"1"}})";

struct Scene {
  const char *name;
  std::string before;
};

const Scene kScenes[] = {
    {"others", "{\"v\":{},\"entries\":[" + kForeign + "," + kFull + ",null]}"},
    {"a damaged file", FileOf({kForeign, kFull}) + "x"},
    {"no file", ""},
};

/* Lets one sync fail, and the next succeed. False if it makes no allocation with that number. */
bool SurvivesLackAt(const Scene &scene, const std::string &wanted, int number) {
  Folder folder;
  const std::string path = folder / "a/pids.json";
  EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), path.c_str())));
  if (!scene.before.empty()) Write(path, scene.before);
  Server server(path, 1);
  server.own = {EntryOf(9)};
  int result;
  bool met;
  {
    FaultyMemory lack(number, false);
    result = server.Sync();
    met = lack.met();
  }
  /* What only saves time is done without. */
  EXPECT_EQ(met && result != 0 ? "HPR_ENOMEM" : "HPR_OK", Code(result));
  EXPECT_EQ(result != 0 ? scene.before : wanted,
            (result != 0 ? TextOf(path) : Unpadded(path)).value_or(""));
  EXPECT_TRUE(NamesWith(folder / "a", ".tmp").empty());
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(wanted, Unpadded(path));
  const bool damaged = !scene.before.empty() && !IsSound(scene.before);
  EXPECT_EQ(damaged ? 1u : 0u, NamesWith(folder / "a", ".corrupt-").size());
  EXPECT_EQ(damaged ? 1u : 0u, server.warnings.size());
  return met;
}

std::string Wanted(const Scene &scene) {
  Folder folder;
  if (!scene.before.empty()) Write(folder / "pids.json", scene.before);
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  return *Unpadded(folder / "pids.json");
}

TEST(PidFileMemory, IsOldOrNewWhateverBlockIsLacking) {
  const size_t descriptors = OpenDescriptors();
  for (const Scene &scene : kScenes) {
    const std::string wanted = Wanted(scene);
    const long blocks = LiveBlocks();
    int number = 0;
    for (bool met = true; met; number++) {
      SCOPED_TRACE(std::string(scene.name) + ", allocation " + std::to_string(number));
      met = SurvivesLackAt(scene, wanted, number);
      EXPECT_EQ(blocks, LiveBlocks());
      EXPECT_EQ(descriptors, OpenDescriptors());
      if (testing::Test::HasFailure()) return; /* the first is the one to look at */
    }
    EXPECT_GT(number, 1);
  }
}

TEST(PidFileMemory, IsNotOpenedWithoutMemory) {
  const long blocks = LiveBlocks();
  int number = 0;
  for (bool met = true; met; number++) {
    hpr_pidfile *pidfile = nullptr;
    FaultyMemory lack(number, false);
    const int result =
        hpr_pidfile_open("/nowhere/pids.json", 1, false, hpr_file_native(), &pidfile);
    met = lack.met();
    EXPECT_EQ(met ? "HPR_ENOMEM" : "HPR_OK", Code(result));
    EXPECT_EQ(met, pidfile == nullptr);
    hpr_pidfile_close(pidfile);
  }
  EXPECT_EQ(8, number) << "seven blocks, and one run without a fault";
  EXPECT_EQ(blocks, LiveBlocks());
}

} // namespace
