/* A registry whose every allocation fails once, or from some moment on. */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faults/faulty_memory.h"
#include "faults/story.h"
#include "support/client.h"

namespace {

constexpr int kMany = 10000; /* allocations in one step: a test that never ends is no test */

/* Only what the lack of memory may cause is said, and no more than once. */
void ExpectOneWarning(const World &world, size_t before) {
  std::vector<std::string> said(world.warnings.begin() + static_cast<long>(before),
                                world.warnings.end());
  EXPECT_LE(std::count(said.begin(), said.end(), "HPR_ENOMEM"), 1);
}

void ExpectWholeFile(const World &world, const Step &step, const Chapter &before,
                     const Chapter &after) {
  EXPECT_TRUE(world.Leftovers().empty());
  if (step.lack != Lack::kGoesOn) {
    EXPECT_TRUE(world.File() == before.file || world.File() == after.file) << world.File();
    return;
  }
  std::vector<int32_t> pids = PidsIn(world.File());
  for (const int32_t pid : PidsIn(after.file))
    EXPECT_EQ(1, std::count(pids.begin(), pids.end(), pid)) << pid << " in " << world.File();
}

/* False if the step has no allocation with that number. */
bool SurvivesLackAt(size_t index, int number, bool lasting) {
  const Step &step = Story()[index];
  const Chapter &before = Golden()[index], &after = Golden()[index + 1];
  StoryUpTo world(index);
  const size_t warnings = world.warnings.size();
  bool met = false, done = true;
  {
    FaultyMemory lack(number, lasting);
    done = step.run(world);
    met = lack.met();
  }
  ExpectOneWarning(world, warnings);
  EXPECT_TRUE(IsSound(world.File()));
  ExpectWholeFile(world, step, before, after);
  if (!done) {
    EXPECT_TRUE(met && step.lack == Lack::kAnswers) << "it failed for no reason";
    EXPECT_EQ(before.state, world.State()) << "a call that fails changes nothing";
  }
  if (!done || step.lack == Lack::kGoesOn) {
    EXPECT_TRUE(step.run(world)) << "the next call does it";
  }
  world.Retry();
  EXPECT_EQ(after.state, world.State());
  EXPECT_EQ(after.file, world.File());
  return met;
}

void SurviveEveryLack(bool lasting) {
  Golden();
  const size_t descriptors = OpenDescriptors();
  const long blocks = LiveBlocks();
  for (size_t index = 0; index < Story().size(); index++) {
    int number = 0;
    for (bool met = true; met && number < kMany; number++) {
      SCOPED_TRACE(std::string(Story()[index].name) + ", allocation " + std::to_string(number));
      met = SurvivesLackAt(index, number, lasting);
      EXPECT_EQ(blocks, LiveBlocks());
      EXPECT_EQ(descriptors, OpenDescriptors());
      if (testing::Test::HasFailure()) return; /* the first is the one to look at */
    }
  }
}

TEST(RegistryMemory, SurvivesTheLackOfEverySingleBlock) { SurviveEveryLack(false); }

TEST(RegistryMemory, SurvivesTheLackOfEveryBlockFromOneOn) { SurviveEveryLack(true); }

/* A kill by name goes through all remainders that have it: one that cannot begin must not repeat.
 */
TEST(RegistryMemory, GivesUpAKillOfRemaindersWithoutMemory) {
  World world(FirstFile());
  ASSERT_EQ(0, world.Open());
  hpr_registration registration = {};
  registration.pid = 11;
  registration.cwd = "/work";
  registration.token = "t";
  world.alive.insert(11);
  ASSERT_EQ(0, hpr_registry_register(world.registry, &registration, &world.tickets[11]));
  world.groups.insert(11);
  world.Die(11);
  const std::string before = world.State();
  hpr_target target = {};
  target.token = "t";
  {
    FaultyMemory lack(0, true);
    EXPECT_FALSE(hpr_registry_kill(world.registry, &target));
    EXPECT_TRUE(lack.met());
  }
  EXPECT_EQ(before, world.State());
  EXPECT_TRUE(hpr_registry_kill(world.registry, &target));
}

TEST(RegistryMemory, IsNotOpenedWithoutMemory) {
  const long blocks = LiveBlocks();
  int number = 0;
  for (bool met = true; met; number++) {
    World world(FirstFile());
    FaultyMemory lack(number, false);
    const int result = world.Open();
    met = lack.met();
    EXPECT_EQ(met ? "HPR_ENOMEM" : "HPR_OK", Code(result));
    EXPECT_EQ(met, world.registry == nullptr);
    EXPECT_EQ(FirstFile(), world.File());
  }
  EXPECT_GT(number, 3);
  EXPECT_EQ(blocks, LiveBlocks());
}

} // namespace
