/* sim/reports.cc: agents behind wrappers and keepers, and what their bridges tell servers. */
#include "sim/story.h"

namespace sim {

namespace {

using Words = std::vector<std::string>;

constexpr size_t kAgents = 6; /* alive at a time; numbers are few */
const std::vector<std::string> kFolders = {"/a", "/b"};
const std::vector<Words> kTitles = {
    {"pi"}, {"node", "/usr/bin/pi"}, {"node", "/opt/agent.js"}, {"bash"}};

} // namespace

/* --- agents --------------------------------------------------------------------------------- */

void Story::BridgeActs() {
  static const std::vector<Act> kActs = {
      {"  an agent is spawned", &Story::SpawnAgent, 8},
      {"  a subagent is spawned", &Story::SpawnSubagent, 3},
      {"  a keeper starts its agent anew", &Story::KeeperStartsAgain, 6},
      {"  a keeper's agent is another at once", &Story::KeeperReplacesAgent, 3},
      {"  an agent has a tool", &Story::AgentHasTool, 2},
      {"  an agent has another title", &Story::AgentRetitles, 2},
      {"  token", &Story::ReportToken, 4},
      {"  token and pid", &Story::ReportTokenAndPid, 6},
      {"  token and wrong pid", &Story::ReportTokenAndWrongPid, 4},
      {"  pid", &Story::ReportPid, 8},
      {"  wrong pid", &Story::ReportWrongPid, 3},
      {"  folder", &Story::ReportFolder, 6},
      {"  the server is another, and all reconnect", &Story::BridgesReconnect, 2},
      {"  a session is killed", &Story::KillBridged, 3},
      {"  a session is terminated", &Story::TerminateBridged, 3},
      {"  a keeper is discovered", &Story::DiscoverKeeper, 3},
  };
  const bool listens = listens_;
  listens_ = false; /* what a bridge says is judged when the call returns */
  Step(kActs);
  listens_ = listens;
}

/* A registered process, and the agent that it is or has below it. */
void Story::Raise(Server *server, Serial root, const std::string &session) {
  Agent agent{root, root, session, "", random_.Pick(kFolders), random_.OneIn(3)};
  if (!random_.OneIn(4)) agent.token = (random_.OneIn(2) ? "a-long-token-of-" : "of-") + session;
  kernel_.Find(root)->environment = {"HOME=/home", "PI_DASHBOARD_SPAWN_TOKEN=" + agent.token};
  kernel_.Find(root)->command = {"sh", "-c", "run"};
  for (size_t i = agent.is_keeper ? 1 : random_.Below(3); i > 0 && agent.pi; i--)
    agent.pi = kernel_.Spawn(agent.pi);
  if (!agent.pi) return;
  if (agent.pi != root && random_.OneIn(3)) kernel_.LeadGroup(agent.pi);
  kernel_.Find(agent.pi)->command = random_.Pick(kTitles);
  kernel_.Find(agent.pi)->ignores_term = random_.OneIn(6);
  bridges_.Add(agent);
  const int32_t number = kernel_.NumberOf(root);
  kernel_.Note(session + " is " + std::to_string(kernel_.NumberOf(agent.pi)) + " of " +
               std::to_string(number));
  const int32_t keeper = agent.is_keeper ? number : 0;
  Register(server, number,
           [&] { return server->Register(number, agent.folder, agent.token, keeper); });
}

/* A number that a row of the file has, if one of them is free. */
int32_t Story::SomeNumber() {
  std::vector<int32_t> free = kernel_.FreeNumbers(), wanted;
  for (const hpr_row &row : truth_.FileRows())
    for (const int32_t pid : {row.main.pid, hpr_row_more(&row)->pi.pid})
      for (const int32_t number : free)
        if (number == pid) wanted.push_back(number);
  return wanted.empty() || random_.OneIn(2) ? 0 : random_.Pick(wanted);
}

bool Story::IsRoomForAgent() {
  size_t alive = 0;
  for (const Agent &agent : bridges_.agents()) alive += kernel_.IsAlive(agent.pi);
  return alive < kAgents;
}

void Story::SpawnAgent() {
  Server *server = AnyServer();
  if (!server || !IsRoomForAgent()) return;
  const Serial root = server->Spawn(!random_.OneIn(4), SomeNumber());
  if (root) Raise(server, root, "b" + std::to_string(next_agent_++));
}

/* Its server is told of it, and so are both of them. */
void Story::SpawnSubagent() {
  const Agent *above = AnyAgent();
  Server *server = above ? ServerFor(*above) : nullptr;
  if (!server || !IsRoomForAgent()) return;
  const Serial root = kernel_.Spawn(above->pi, SomeNumber());
  if (!root) return;
  if (random_.OneIn(2)) kernel_.LeadSession(root);
  Raise(server, root, "b" + std::to_string(next_agent_++));
}

void Story::KeeperStartsAgain() {
  for (Agent &agent : bridges_.agents()) {
    const Process *keeper = kernel_.Find(agent.root);
    if (!agent.is_keeper || kernel_.IsAlive(agent.pi) || !kernel_.IsAlive(agent.root)) continue;
    if (keeper->state != State::kRunning || keeper->doom != 0) continue;
    const Serial pi = kernel_.Spawn(agent.root, SomeNumber());
    if (!pi) continue;
    agent.pi = pi;
    endings_.StartedAnew(pi);
    if (random_.OneIn(2)) kernel_.LeadGroup(pi);
    kernel_.Find(pi)->command = random_.Pick(kTitles);
    kernel_.Note(agent.session + " is " + std::to_string(kernel_.NumberOf(pi)));
    return;
  }
}

/* Of another agent that ends now, and whose parent, who is no server, reaps it at once. */
int32_t Story::NumberSetFree(const Agent &but) {
  for (const Agent &agent : bridges_.agents()) {
    const Process *process = kernel_.Find(agent.root);
    if (&agent == &but || !process || agent.pi != agent.root) continue;
    if (IsServer(process->parent) || IsServer(agent.root)) continue;
    kernel_.Die(agent.root, 0);
    kernel_.Reap(agent.root);
    return kernel_.NumberOf(agent.root);
  }
  return 0;
}

bool Story::IsServer(Serial serial) const {
  for (const auto &server : servers_)
    if (server->serial() == serial && server->is_open()) return true;
  return false;
}

/* Before anybody has heard of its end, and often under a number that a row has. */
void Story::KeeperReplacesAgent() {
  Agent *agent = AnyAgent();
  if (!agent || !agent->is_keeper || kernel_.Find(agent->pi)->parent != agent->root) return;
  if (IsServer(agent->pi)) return;
  const std::vector<int32_t> numbers = {kernel_.NumberOf(agent->pi), SomeNumber(),
                                        NumberSetFree(*agent)};
  kernel_.Die(agent->pi, 0);
  kernel_.Reap(agent->pi);
  const Serial pi = kernel_.Spawn(agent->root, random_.Pick(numbers));
  if (!pi) return;
  agent->pi = pi;
  endings_.StartedAnew(pi);
  kernel_.Note(agent->session + " is " + std::to_string(kernel_.NumberOf(pi)));
  if (!random_.OneIn(3)) Tell(*agent, random_.OneIn(2), kernel_.NumberOf(pi));
}

void Story::AgentHasTool() {
  const Agent *agent = AnyAgent();
  const Serial tool = agent ? kernel_.Spawn(agent->pi) : 0;
  if (!tool) return;
  if (random_.OneIn(2)) kernel_.LeadSession(tool);
  kernel_.Find(tool)->command = {"bash"};
}

void Story::AgentRetitles() {
  if (const Agent *agent = AnyAgent()) kernel_.Find(agent->pi)->command = random_.Pick(kTitles);
}

/* One that can speak. */
Agent *Story::AnyAgent() {
  std::vector<Agent *> alive;
  for (Agent &agent : bridges_.agents())
    if (kernel_.IsAlive(agent.pi)) alive.push_back(&agent);
  return alive.empty() ? nullptr : random_.Pick(alive);
}

/* Its own one, if that runs. */
Server *Story::ServerFor(const Agent &agent) {
  for (Server *server : Open())
    if (!server->is_calling() && bridges_.Knows(*server, agent)) return server;
  return AnyServer();
}

/* Nothing happens in a call, and the system tells all that it is asked. */
bool Story::IsCalm(const Server &server) const {
  return careful_ && kernel_.proc_mounted && kernel_.descriptors_left && server.knows_boot();
}

/* --- reports -------------------------------------------------------------------------------- */

/* What it is inside its sandbox. Outside this is somebody else, or nobody. */
int32_t Story::WrongNumber(const Agent &agent) {
  std::vector<int32_t> near; /* in the same session, as jobs of one terminal are */
  std::vector<int32_t> below = {kernel_.NumberOf(agent.root)};
  const Serial session = kernel_.Find(agent.pi)->session;
  for (const Serial serial : kernel_.All()) {
    if (kernel_.Find(serial)->session == session) near.push_back(kernel_.NumberOf(serial));
    if (kernel_.Find(serial)->parent == agent.pi) below.push_back(kernel_.NumberOf(serial));
  }
  const Agent *other = AnyAgent();
  switch (random_.Below(6)) {
  case 0: return kernel_.NumberOf(other->pi);
  case 1: return kernel_.NumberOf(other->root);
  case 2: return random_.Pick(near);
  case 3: return kernel_.NumberOf(random_.Pick(kernel_.All()));
  case 4: return below.back();
  default: return AnyNumber();
  }
}

void Story::Tell(const Agent &agent, bool by_token, int32_t number) {
  if (!hpr_is_pid(number)) number = 0; /* as the addon does */
  Server *server = ServerFor(agent);
  if (!server) return;
  const bool careful = careful_;
  careful_ = careful_ || random_.OneIn(2);
  Report report =
      by_token ? bridges_.ByToken(*server, agent, number) : bridges_.ByPid(*server, agent, number);
  report.calm = IsCalm(*server);
  report.provable = told_ || report.calm;
  std::map<Serial, Serial> before; /* agents, by registered process */
  for (const Hold &it : server->Holds())
    before[truth_.SerialOf(*it.row, it.row->main)] =
        truth_.SerialOf(*it.row, hpr_row_more(it.row)->pi);
  kernel_.Note("  " + agent.session + " says " + (by_token ? agent.token + " " : "") +
               std::to_string(number));
  const bool linked = by_token ? server->Link(agent.token, agent.session, number)
                               : server->LinkByPid(agent.session, number);
  bridges_.Told(*server, agent, report, linked);
  /* It may have told of a tool before, or tells of one now. */
  const bool names_relative = report.named && bridges_.Of(report.named) == &agent;
  for (const auto &[main, replaced] : before) {
    if (!server->is_open()) truth_.CrashedWhileTold(replaced);
    if (names_relative && replaced != report.named && bridges_.Of(main) == &agent)
      truth_.Replaced(replaced);
  }
  for (const Hold &it : server->Holds())
    if (linked && it.session == agent.session)
      truth_.Taught(*it.row, before[truth_.SerialOf(*it.row, it.row->main)]);
  careful_ = careful;
}

void Story::ReportToken() {
  if (const Agent *agent = AnyAgent()) Tell(*agent, true, 0);
}

void Story::ReportTokenAndPid() {
  if (const Agent *agent = AnyAgent()) Tell(*agent, true, kernel_.NumberOf(agent->pi));
}

void Story::ReportTokenAndWrongPid() {
  if (const Agent *agent = AnyAgent()) Tell(*agent, true, WrongNumber(*agent));
}

void Story::ReportPid() {
  if (const Agent *agent = AnyAgent()) Tell(*agent, false, kernel_.NumberOf(agent->pi));
}

void Story::ReportWrongPid() {
  if (const Agent *agent = AnyAgent()) Tell(*agent, false, WrongNumber(*agent));
}

void Story::ReportFolder() {
  const Agent *agent = AnyAgent();
  Server *server = agent ? ServerFor(*agent) : nullptr;
  if (server) server->LinkByCwd(agent->session, agent->folder);
}

/* In any order, and by any means. */
void Story::BridgesReconnect() {
  const Agent *agent = AnyAgent();
  Server *server = agent ? ServerFor(*agent) : nullptr;
  if (!server) return;
  /* A keeper's agent in a sandbox takes the other one's number for its own. */
  for (const Agent &other : bridges_.agents())
    if (other.is_keeper && &other != agent && kernel_.IsAlive(other.pi) && random_.OneIn(2))
      Tell(other, true, kernel_.NumberOf(agent->pi));
  server->Crash();
  StartServer();
  CleanupOrphans();
  if (kernel_.IsAlive(agent->pi)) Tell(*agent, false, kernel_.NumberOf(agent->pi));
  for (size_t i = kAgents; i > 0; i--) {
    switch (random_.Below(6)) {
    case 0: ReportToken(); break;
    case 1: ReportTokenAndPid(); break;
    case 2: ReportTokenAndWrongPid(); break;
    case 3: ReportFolder(); break;
    default: ReportPid(); break;
    }
  }
}

/* --- ends and discoveries ------------------------------------------------------------------- */

/* A keeper's only child that looks like its agent is known as such afterwards, and no other. */
void Story::Discover(Server *server, const hpr_row *row, bool attaching,
                     const std::function<void()> &call) {
  const bool careful = careful_;
  careful_ = careful_ || random_.OneIn(2);
  const bool calm = IsCalm(*server);
  const Serial main = row ? truth_.SerialOf(*row, row->main) : 0;
  const Serial before = row ? truth_.SerialOf(*row, hpr_row_more(row)->pi) : 0;
  const bool known = row && row->main.state == HPR_RECORD_KNOWN && row->main.kin;
  const Serial child = row && main ? bridges_.Findable(*server, *row, attaching) : 0;
  call();
  careful_ = careful;
  for (const hpr_row *it : server->Rows()) {
    if (!calm || !main || hpr_row_more(it)->pi.pid == 0 || truth_.SerialOf(*it, it->main) != main)
      continue;
    if (it->main.state != HPR_RECORD_KNOWN || !known) continue; /* it was learnt in the call */
    const Serial after = truth_.SerialOf(*it, hpr_row_more(it)->pi);
    if (after == child) return;
    if (after != before)
      truth_.Break(std::to_string(hpr_row_more(it)->pi.pid) + " is taken for the agent");
  }
  if (calm && child)
    truth_.Break("the only child of " + std::to_string(kernel_.NumberOf(main)) + " is not found");
}

void Story::EndBridged(int32_t grace_ms,
                       const std::function<void(Server *, const hpr_target &)> &end) {
  const std::deque<Agent> &agents = bridges_.agents();
  if (agents.empty()) return;
  const Agent &agent = agents[agents.size() - 1 - random_.Below(std::min(agents.size(), kAgents))];
  Server *server = ServerFor(agent);
  if (!server) return;
  hpr_target target{};
  target.session = agent.session.c_str();
  bridges_.CheckMeant(*server, agent);
  kernel_.Note("  of " + agent.session);
  Discover(server, server->RowOf(target, false), false,
           [&] { End(server, target, HPR_SIGNAL_TERM, grace_ms, [&] { end(server, target); }); });
}

void Story::KillBridged() {
  EndBridged(HPR_GRACE_DEFAULT_MS,
             [](Server *server, const hpr_target &it) { server->Kill(it.session); });
}

void Story::TerminateBridged() {
  const int32_t grace_ms = random_.OneIn(2) ? 50 : 2000;
  EndBridged(grace_ms, [&](Server *server, const hpr_target &it) {
    server->Terminate(it, HPR_SIGNAL_TERM, grace_ms);
  });
}

/* By its file, which says who is the keeper, and perhaps who the agent is. */
void Story::DiscoverKeeper() {
  const Agent *agent = AnyAgent();
  Server *server = agent && agent->is_keeper ? ServerFor(*agent) : nullptr;
  if (!server) return;
  hpr_target target{};
  target.pid = kernel_.NumberOf(agent->root);
  const hpr_row *row = server->RowOf(target, false);
  if (!row) return;
  const hpr_identity listener = row->main;
  Discover(server, row, true, [&] {
    server->Do([&](hpr_registry *registry) {
      hpr_registry_attach_keeper(registry, target.pid, "/sessions/found.sock", &listener, 0);
    });
  });
}

} // namespace sim
