#include "faults/story.h"

#include <gtest/gtest.h>

namespace {

bool Register(World &world, int32_t pid, const char *token, bool keeper = false) {
  hpr_registration registration = {};
  registration.pid = pid;
  registration.cwd = "/work";
  registration.token = token;
  registration.keeper_pid = keeper ? pid : 0;
  registration.socket_path = keeper ? "/k.sock" : nullptr;
  world.alive.insert(pid);
  return hpr_registry_register(world.registry, &registration, &world.tickets[pid]) == 0;
}

std::string Row(int32_t pid, int32_t owner) {
  const std::string number = std::to_string(pid), by = std::to_string(owner);
  return R"({"pid":)" + number + R"(,"cwd":"/old","spawnedAt":"2027-01-14T00:00:00.000Z",)" +
         R"("identity":{"boot":"b","birth":")" + number + R"("},"owner":{"pid":)" + by +
         R"(,"boot":"b","birth":")" + by + R"(","id":"00000000000000ff"}})";
}

hpr_target BySession(const char *session) {
  hpr_target target = {};
  target.session = session;
  return target;
}

} // namespace

const std::vector<Step> &Story() {
  static const std::vector<Step> story = {
      {"clean up orphans", Lack::kGoesOn,
       [](World &world) {
         hpr_registry_cleanup_orphans(world.registry);
         return true;
       }},
      {"register", Lack::kAnswers, [](World &world) { return Register(world, 11, "t"); }},
      {"register a keeper", Lack::kAnswers,
       [](World &world) { return Register(world, 12, "k", true); }},
      {"link by token", Lack::kAnswers,
       [](World &world) {
         world.alive.insert(13);
         return hpr_registry_link_by_token(world.registry, "k", "sk", 13);
       }},
      {"link by pid", Lack::kAnswers,
       [](World &world) { return hpr_registry_link_by_pid(world.registry, "s11", 11); }},
      {"register another", Lack::kAnswers,
       [](World &world) { return Register(world, 14, nullptr); }},
      {"link by folder", Lack::kAnswers,
       [](World &world) { return hpr_registry_link_by_cwd(world.registry, "s14", "/work"); }},
      {"attach a keeper", Lack::kGoesOn,
       [](World &world) {
         const hpr_identity listener = world.Who(14);
         hpr_registry_attach_keeper(world.registry, 14, "/k14.sock", &listener, 0);
         return true;
       }},
      {"register again", Lack::kAnswers, [](World &world) { return Register(world, 14, "again"); }},
      {"remove", Lack::kCatchesUp,
       [](World &world) {
         hpr_registry_remove(world.registry, 14);
         return true;
       }},
      {"register a child", Lack::kAnswers, [](World &world) { return Register(world, 15, "c"); }},
      {"a child exits", Lack::kCatchesUp,
       [](World &world) {
         world.alive.erase(15);
         hpr_registry_child_exited(world.registry, world.tickets[15], 3, nullptr, false);
         return true;
       }},
      {"kill", Lack::kAnswers,
       [](World &world) {
         const hpr_target target = BySession("s11");
         return hpr_registry_kill(world.registry, &target);
       }},
      {"terminate", Lack::kAnswers,
       [](World &world) {
         const hpr_target target = BySession("sk");
         if (hpr_registry_terminate(world.registry, &target, HPR_SIGNAL_TERM, 100, false, 1) != 0)
           return false;
         world.asked.insert(1);
         return true;
       }},
      {"register what is ending", Lack::kAnswers,
       [](World &world) { return Register(world, 11, "u"); }},
      {"its keeper dies", Lack::kCatchesUp,
       [](World &world) {
         world.Die(12);
         return true;
       }},
      {"pi dies", Lack::kCatchesUp,
       [](World &world) {
         world.Die(13);
         return true;
       }},
      {"kill all", Lack::kGoesOn,
       [](World &world) {
         hpr_registry_kill_all(world.registry);
         return true;
       }},
      {"another dies", Lack::kCatchesUp,
       [](World &world) {
         world.Die(11);
         return true;
       }},
  };
  return story;
}

/* One of a server that lives, one of a dead server, a dead one, and what must not be touched. */
std::string FirstFile() {
  return "{\"entries\":[" + Row(51, 50) + "," + Row(61, 60) + "," + Row(62, 60) +
         ",{ \"pid\" : -1 }],\"note\":9007199254740993}";
}

StoryUpTo::StoryUpTo(size_t steps) : World(FirstFile()) {
  alive.insert({50, 51, 61});
  EXPECT_EQ("HPR_OK", Code(Open()));
  for (size_t i = 0; i < steps; i++) EXPECT_TRUE(Story()[i].run(*this)) << Story()[i].name;
}

const std::vector<Chapter> &Golden() {
  static const std::vector<Chapter> golden = [] {
    std::vector<Chapter> chapters;
    for (size_t steps = 0; steps <= Story().size(); steps++) {
      const StoryUpTo world(steps);
      chapters.push_back({world.State(), world.File()});
    }
    return chapters;
  }();
  return golden;
}
