/* sim/tools.cc: what tools do, and those who look like them. */
#include <signal.h>

#include <algorithm>

#include "sim/trees.h"

namespace sim {

/* --- tools ---------------------------------------------------------------------------------- */

/* Nobody makes anything who is stopped, or was killed and has not gone yet. */
Serial TreeStory::AnyMaker() {
  const Serial maker = AnyTool(true);
  const Process *process = maker ? kernel_.Find(maker) : nullptr;
  return process && process->state == State::kRunning && process->doom != SIGKILL ? maker : 0;
}

Serial TreeStory::Fork(Serial parent) {
  const Serial child = kernel_.Spawn(parent);
  if (!child) return 0;
  kernel_.Note(std::to_string(kernel_.NumberOf(child)) + " #" + std::to_string(child) + " of " +
               std::to_string(kernel_.NumberOf(parent)) + " #" + std::to_string(parent));
  if (kernel_.Find(parent)->other_user) kernel_.Note("  of another user");
  kernel_.Find(child)->ignores_term = random_.OneIn(4);
  if (random_.OneIn(5)) forkers_.insert(child);
  return child;
}

/* Its parent has ended before it does anything: init has it. */
void TreeStory::Daemonize(Serial parent, bool own_session, bool clean) {
  const Serial between = Fork(parent);
  const Serial tool = between ? Fork(between) : 0;
  if (between && own_session) kernel_.LeadSession(between);
  if (tool && own_session) kernel_.Find(tool)->session = kernel_.Find(tool)->group = between;
  if (tool && clean) kernel_.Find(tool)->environment.clear();
  if (!between) return;
  kernel_.Die(between, 0);
  kernel_.Reap(between);
}

/* In its group, in a session of its own, as a daemon, with nohup, without environment, … */
void TreeStory::ToolStarts() {
  const Serial parent = AnyMaker();
  if (!parent || kernel_.FreeNumbers().size() < 8) return;
  const size_t way = random_.Below(9);
  if (way < 3) return Daemonize(parent, way != 0, way == 2);
  const Serial tool = Fork(parent);
  if (!tool) return;
  if (way == 3 || way == 4 || way == 7) kernel_.LeadSession(tool);
  if (way == 4 || way == 5) kernel_.Find(tool)->environment.clear();
  if (way == 6 && random_.OneIn(2)) kernel_.LeadGroup(tool);
  if (way == 7) kernel_.Find(tool)->other_user = true;
  if (way == 6 || way == 8) Fork(tool);
}

void TreeStory::ToolForks() {
  const Serial parent = AnyMaker();
  if (!parent || kernel_.FreeNumbers().size() < 4) return;
  const Serial child = Fork(parent);
  if (child && random_.OneIn(3)) kernel_.LeadSession(child);
}

void TreeStory::ToolEnds() {
  if (const Serial tool = AnyTool(false)) kernel_.Die(tool, 0);
}

void TreeStory::ToolTurnsDeaf() {
  if (const Serial tool = AnyTool(true)) kernel_.Find(tool)->ignores_term = true;
}

void TreeStory::AgentEnds() {
  Session *session = AnySession();
  if (!session || !kernel_.IsAlive(session->root)) return;
  kernel_.Die(session->root, 0);
}

/* Some start another one when they are asked to end. */
void TreeStory::DoomedDies() {
  std::vector<Serial> doomed;
  for (const Serial serial : kernel_.All())
    if (kernel_.Find(serial)->doom != 0 && kernel_.IsAlive(serial)) doomed.push_back(serial);
  if (doomed.empty()) return;
  const Serial serial = random_.Pick(doomed);
  const Process *process = kernel_.Find(serial);
  const bool can_fork = process->state == State::kRunning && process->doom != SIGKILL;
  if (can_fork && forkers_.count(serial)) Fork(serial);
  kernel_.Die(serial, process->doom);
}

void TreeStory::InitReaps() {
  std::vector<Serial> zombies;
  for (const Serial serial : kernel_.All())
    if (!kernel_.IsAlive(serial) && !IsServer(kernel_.Find(serial)->parent))
      zombies.push_back(serial);
  if (!zombies.empty()) kernel_.Reap(random_.Pick(zombies));
}

/* --- strangers ------------------------------------------------------------------------------ */

/* Marks that are no marks: of another file, of another token, in another variable. */
std::vector<std::string> TreeStory::Disguise() {
  const Session *session = AnySession();
  if (!session || session->token.empty()) return {"HOME=/home"};
  const std::string &token = session->token;
  const bool is_long = token.size() >= HPR_MARK_LONG;
  switch (random_.Below(4)) {
  case 0: return {"HEADLESS_PID_MARK=" + token + "@/home/other/pids.json"};
  case 1: return {"OTHER=" + token + "-more", "PI_DASHBOARD_SPAWN_TOKEN="};
  case 2: return {"PI_DASHBOARD_SPAWN_TOKEN=no-" + token};
  default:
    if (is_long) return {"OTHER=" + token + "@" + kPidFile};
    return {"PI_DASHBOARD_SPAWN_TOKEN=" + token,
            "HEADLESS_PID_MARK=" + token + "@/home/other/pids.json"};
  }
}

void TreeStory::StrangerComes() {
  if (kernel_.FreeNumbers().size() < 8) return;
  const Serial stranger = kernel_.Spawn(random_.OneIn(2) ? kernel_.init() : kernel_.shell());
  if (!stranger) return;
  if (random_.OneIn(2)) kernel_.LeadSession(stranger);
  kernel_.Find(stranger)->environment = Disguise();
  kernel_.Note("stranger " + std::to_string(kernel_.NumberOf(stranger)) + " #" +
               std::to_string(stranger));
}

void TreeStory::StrangerLeaves() {
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    if (process->ours || process->pid < kFirstPid || !random_.OneIn(4)) continue;
    kernel_.Die(serial, 0);
    kernel_.Reap(serial);
    return;
  }
}

/* A tool ends, is reaped, and has its number no more: a stranger has it, or another's tool. */
void TreeStory::NumberPassesOn() {
  const Serial tool = AnyTool(true);
  if (!tool || IsServer(kernel_.Find(tool)->parent)) return;
  const int32_t number = kernel_.NumberOf(tool);
  kernel_.Die(tool, 0);
  kernel_.Reap(tool);
  const Serial other = random_.OneIn(2) ? AnyMaker() : 0;
  const Serial next = kernel_.Spawn(other ? other : kernel_.init(), number);
  if (!next) return; /* its group or session lives on, and holds the number */
  if (!other) kernel_.Find(next)->environment = Disguise();
  if (random_.OneIn(2)) kernel_.LeadSession(next);
  kernel_.Note(std::to_string(number) + " is #" + std::to_string(next) + " now");
}

/* --- the system ----------------------------------------------------------------------------- */

void TreeStory::DescriptorsLost() {
  if (!told_) kernel_.descriptors_left = false;
}

void TreeStory::DescriptorsBack() { kernel_.descriptors_left = true; }

} // namespace sim
