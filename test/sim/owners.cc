/* sim/owners.cc: registries of one process, the locks that prove that they live, and slow holders.
 */
#include <algorithm>

#include "sim/story.h"

namespace sim {

namespace {

constexpr char kLock[] = "/home/.pi/dashboard/headless-pids.json.lock";
constexpr char kOwners[] = "/home/.pi/dashboard/headless-pids.json.owners";
constexpr int64_t kLookMs = 1000;
constexpr int64_t kWriteMs = 20; /* that the row of an exit may stay */
constexpr int kLooks = 2;        /* within them an orphan is adopted */

bool IsIn(const std::vector<hpr_row> &file, const hpr_row &row) {
  return std::any_of(file.begin(), file.end(), [&](const hpr_row &it) {
    return it.main.pid == row.main.pid &&
           std::string(hpr_row_owner(&it)->id) == hpr_row_owner(&row)->id;
  });
}

} // namespace

/* --- what happens --------------------------------------------------------------------------- */

/* A worker, a plugin, or a module that was loaded again. */
void Story::StartSecondRegistry() {
  Server *first = AnyServer();
  if (!first || Open().size() >= kServers) return;
  Server::Options options;
  options.as = first->serial();
  kernel_.Note("a second registry of " + std::to_string(first->pid()));
  auto second = std::make_unique<Server>(&kernel_, &disk_, options);
  if (!kernel_.IsAlive(options.as)) return; /* it died meanwhile, and nobody could tell this one */
  servers_.push_back(std::move(second));
  ListenTo(servers_.back().get());
  AskByFile();
  if (!random_.OneIn(4)) servers_.back()->CleanupOrphans();
}

/* Its process lives on. */
void Story::CloseRegistry() {
  Server *server = AnyServer();
  if (!server) return;
  kernel_.Note("registry of " + std::to_string(server->pid()) + " is closed");
  server->Close();
}

void Story::LockFileVanishes() {
  const std::optional<std::string> text = disk_.Read(kOwners);
  if (!text) return;
  /* Who can neither write nor have the new file cannot show there what it has taken over. */
  if (fills_ && (holder_ || !kernel_.descriptors_left)) return;
  switch (random_.Below(3)) {
  case 0: disk_.Remove(kOwners); break;
  case 1: disk_.Empty(kOwners); break;
  default: disk_.Write(kOwners, *text); /* a copy of it */
  }
  /* Who comes within a second cannot see what those have taken over whom the disk lets say nothing.
   */
  for (Server *server : Open())
    if (!server->is_calling() && server->HasUnwrittenAdoptions()) server->LookAtOwners();
}

/* Somebody who is no server of ours, or one that was stopped. */
void Story::HolderComes() {
  if (holder_) return;
  const Acting acting(kernel_.shell());
  hpr_file file;
  if (disk_.ops()->open_lock(&disk_, kLock, &file) != 0) return;
  if (disk_.ops()->try_lock(&disk_, file) == 0)
    holder_ = file;
  else
    disk_.ops()->close(&disk_, file);
}

void Story::HolderLeaves() {
  if (!holder_) return;
  const Acting acting(kernel_.shell());
  disk_.ops()->close(&disk_, holder_);
  holder_ = 0;
}

/* --- promises ------------------------------------------------------------------------------- */

/* Nobody takes what a living registry owns: what it has is in the file, under its name. */
void Story::CheckOwners() {
  for (const Server *server : Open()) {
    if (server->is_calling() || server->HasUnwrittenChanges()) continue;
    for (const hpr_row *row : server->Rows())
      if (!IsIn(truth_.FileRows(), *row))
        truth_.Break("somebody has taken " + std::to_string(row->main.pid) +
                     " from a living owner");
  }
}

/* Whatever can be written: of two living servers one alone has taken an entry over. */
void Story::CheckOneHeir() {
  std::map<std::pair<int64_t, Serial>, const Server *> heirs; /* of each registration */
  for (const Server *server : Open()) {
    if (server->is_calling()) continue;
    for (const hpr_row *row : server->Rows())
      if (const Serial serial = truth_.SerialOf(*row, row->main);
          serial && !heirs.emplace(std::make_pair(row->spawned_ms, serial), server).second)
        truth_.Break("two servers have the entry of " + std::to_string(row->main.pid));
  }
}

/* Whatever became of the lock file: what a living registry has names the one that is there now. */
void Story::CheckProved() {
  const std::string birth = disk_.Read(kOwners).value_or("").substr(0, HPR_OWNER_ID_SIZE - 1);
  for (const Server *server : Open())
    for (const hpr_row *row : server->Rows())
      if (birth != hpr_row_owner(row)->file)
        truth_.Break("the owner of " + std::to_string(row->main.pid) + " is not proved to live");
}

/* Everybody's orphans are adopted, by whoever wants some, however their owner ended. */
void Story::LetOrphansBeAdopted() {
  for (int i = 0; i < kLooks; i++) {
    kernel_.now_ms += kLookMs;
    for (Server *server : Open())
      if (!server->Proceed()) truth_.Break("a server never comes to rest");
    Check();
  }
  kernel_.now_ms += kWriteMs;
  for (Server *server : Open()) server->Proceed();
  const std::vector<Server *> open = Open();
  for (const Server *server : open)
    if (server->HasUnwrittenChanges() && !server->HasExitsToWrite())
      truth_.Break("a change is not written in the background");
  CheckProved();
  if (std::none_of(open.begin(), open.end(), [](const Server *it) { return it->adopts(); })) return;
  const std::string birth = disk_.Read(kOwners).value_or("").substr(0, HPR_OWNER_ID_SIZE - 1);
  for (const hpr_row &row : truth_.FileRows()) {
    /* Of who had ended when the locks vanished the process is all that tells. */
    if (birth != hpr_row_owner(&row)->file && !truth_.IsDead(row, hpr_row_owner(&row)->identity))
      continue;
    const bool lives = std::any_of(open.begin(), open.end(), [&](const Server *it) {
      return it->id() == std::string(hpr_row_owner(&row)->id);
    });
    if (!lives && truth_.IsOrphan(row, open))
      truth_.Break("the orphan " + std::to_string(row.main.pid) + " is not adopted");
  }
}

} // namespace sim
