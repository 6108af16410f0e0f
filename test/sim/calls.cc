/* sim/calls.cc: what the callers of a registry do. */
#include "sim/story.h"

namespace sim {

namespace {

const std::vector<std::string> kFolders = {"/a", "/b", "/c"};
const std::vector<std::string> kSessions = {"s1", "s2", "s3", "s4"};
const std::vector<hpr_signal> kSignals = {HPR_SIGNAL_TERM, HPR_SIGNAL_TERM, HPR_SIGNAL_INT,
                                          HPR_SIGNAL_KILL};
const std::vector<int32_t> kGraces = {0, 50, 2000};
const std::vector<int32_t> kGentleGraces = {0, 50, 2000, HPR_GRACE_NEVER};

} // namespace

std::string Story::AnySession() { return random_.Pick(kSessions); }

void Story::StartServer() {
  if (Open().size() >= kServers) return;
  Server::Options options;
  options.leads_group = random_.OneIn(2);
  if (gentle_ && random_.OneIn(8)) options.grace_ms = HPR_GRACE_NEVER;
  if (random_.OneIn(6)) options.as = AnyProcess(true); /* an agent that runs a server itself */
  auto server = std::make_unique<Server>(&kernel_, &disk_, options);
  if (!server->is_open() || !kernel_.IsAlive(server->serial())) return;
  kernel_.Note("server " + std::to_string(server->pid()));
  servers_.push_back(std::move(server));
  ListenTo(servers_.back().get());
  AskByFile();
  if (!random_.OneIn(4)) servers_.back()->CleanupOrphans();
}

void Story::Forget(const hpr_row &row) {
  truth_.Forget(row);
  exits_.Forget(row);
}

void Story::Register(Server *server, int32_t pid, const std::string &token, int32_t keeper) {
  Register(server, pid, [&] {
    return server->Register(pid, random_.Pick(kFolders), token, keeper, !random_.OneIn(8));
  });
}

void Story::Register(Server *server, int32_t pid, const std::function<bool()> &call) {
  hpr_target target{};
  target.pid = pid;
  const Process *holder = kernel_.Holder(pid);
  const Serial serial = holder ? holder->serial : 0;
  const hpr_row *replaced = server->RowOf(target, false);
  /* The caller speaks of the same process again: what it said before is void. */
  if (replaced && truth_.MeantBy(*replaced) == serial) Forget(*replaced);
  for (const hpr_row *row : server->Rows()) { /* one that is ending, or that may be the same */
    const bool may_be = !told_ && row->main.pid == pid;
    if (may_be || truth_.SerialOf(*row, row->main) == serial) exits_.Forget(*row);
  }
  kernel_.now_ms++; /* the time tells registrations apart */
  Call(server, call, [&] {
    truth_.Registered(*server, pid, serial, OpenBut(server));
    exits_.Registered(*server, pid, serial);
    endings_.Registered(*server, pid, serial, OpenBut(server));
  });
  if (!server->is_open()) truth_.CrashedWhileRegistered(pid);
}

void Story::SpawnAndRegister() {
  Server *server = AnyServer();
  if (!server) return;
  const Serial child = server->Spawn(!random_.OneIn(4));
  if (!child) return;
  kernel_.Find(child)->ignores_term = random_.OneIn(4);
  const std::string token = random_.OneIn(2) ? "t" + std::to_string(next_token_++) : "";
  Register(server, kernel_.NumberOf(child), token, 0);
}

void Story::SpawnKeeper() {
  Server *server = AnyServer();
  if (!server) return;
  const Serial keeper = server->Spawn();
  const Serial pi = keeper ? kernel_.Spawn(keeper) : 0;
  if (!pi) return;
  if (random_.OneIn(4)) kernel_.LeadGroup(pi);
  kernel_.Find(keeper)->ignores_term = random_.OneIn(6);
  kernel_.Find(pi)->ignores_term = random_.OneIn(4);
  const int32_t number = kernel_.NumberOf(keeper);
  Register(server, number, "t" + std::to_string(next_token_++), number);
}

void Story::RegisterAgain() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (row) Register(server, row->main.pid, AnyToken(), random_.OneIn(2) ? row->main.pid : 0);
}

void Story::RegisterAnyNumber() {
  Server *server = AnyServer();
  if (server) Register(server, AnyNumber(), AnyToken(), random_.OneIn(4) ? AnyNumber() : 0);
}

void Story::LinkByToken() {
  if (Server *server = AnyServer()) server->Link(AnyToken(), AnySession());
}

/* Of each row, by births, not by numbers: one that has passed on may name another's agent. */
Story::Agents Story::AgentsOf(const Server &server) {
  Agents agents;
  for (const hpr_row *it : server.Rows())
    agents[{it->main.birth.name, it->main.birth.start}] =
        truth_.SerialOf(*it, hpr_row_more(it)->pi);
  return agents;
}

/* Whatever entry was taught. */
void Story::NoteTaught(const Server &server, Agents before) {
  for (const hpr_row *it : server.Rows()) {
    const Serial agent = before[{it->main.birth.name, it->main.birth.start}];
    if (truth_.SerialOf(*it, hpr_row_more(it)->pi) != agent) truth_.Taught(*it, agent);
  }
}

void Story::ReportPi() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row || !row->token) return;
  const std::string token = row->token;
  const Serial before = truth_.SerialOf(*row, hpr_row_more(row)->pi);
  int32_t pi = random_.OneIn(4) ? AnyNumber() : 0;
  for (const Serial serial : kernel_.All())
    if (pi == 0 && kernel_.NumberOf(kernel_.Find(serial)->parent) == row->main.pid)
      pi = kernel_.NumberOf(serial);
  if (pi == 0) return;
  const Agents agents = AgentsOf(*server);
  Call(
      server, [&] { return server->Link(token, AnySession(), pi); },
      [&] {
        truth_.Linked(*server, token, before);
        NoteTaught(*server, agents); /* several may have the token */
      });
}

void Story::LinkByPid() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  const Agents agents = AgentsOf(*server);
  server->LinkByPid(AnySession(),
                    hpr_row_more(row)->pi.pid ? hpr_row_more(row)->pi.pid : row->main.pid);
  NoteTaught(*server, agents);
}

void Story::LinkByCwd() {
  if (Server *server = AnyServer()) server->LinkByCwd(AnySession(), random_.Pick(kFolders));
}

void Story::Ask(Server *server, const hpr_row &row, hpr_signal signal, int32_t grace_ms) {
  truth_.Asked(row);
  endings_.Asked(*server, row, signal, grace_ms);
}

void Story::AskByFile() {
  const std::vector<Server *> open = Open();
  truth_.AskedByFile(open);
  for (const hpr_row &row : truth_.FileRows())
    if (row.terminating)
      endings_.Continued(row, open);
    else if (truth_.IsTooOld(row))
      endings_.AgedOut(row, open);
  for (const Server *server : open)
    for (const hpr_row *row : server->Rows())
      if (truth_.IsTooOld(*row) && !row->terminating) endings_.AgedOut(*row, open);
}

void Story::End(Server *server, const hpr_target &target, hpr_signal signal, int32_t grace_ms,
                const std::function<void()> &end) {
  std::set<Serial> asked;
  for (const hpr_row *row : server->RowsMeant(target)) {
    asked.merge(truth_.KinOf(*row));
    Ask(server, *row, signal, grace_ms);
  }
  Call(
      server,
      [&] {
        end();
        return true;
      },
      [&] { truth_.Promised(*server, Open(), asked); });
}

void Story::KillSession() {
  Server *server = AnyServer();
  if (!server) return;
  const std::string session = AnySession();
  hpr_target target{};
  target.session = session.c_str();
  End(server, target, HPR_SIGNAL_TERM, server->grace_ms(), [&] { server->Kill(session); });
}

void Story::KillToken() {
  Server *server = AnyServer();
  if (!server) return;
  const std::string token = AnyToken();
  hpr_target target{};
  target.token = token.c_str();
  End(server, target, HPR_SIGNAL_TERM, server->grace_ms(), [&] { server->KillByToken(token); });
}

void Story::TerminatePid() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  hpr_target target{};
  target.pid = row->main.pid;
  const int32_t grace_ms = random_.Pick(gentle_ ? kGentleGraces : kGraces);
  const hpr_signal signal = random_.Pick(kSignals);
  End(server, target, signal, grace_ms, [&] { server->Terminate(target, signal, grace_ms); });
}

void Story::KillAll() {
  Server *server = gentle_ ? AnyServer() : nullptr; /* its survivors are the next server's */
  if (!server) return;
  for (const hpr_row *row : server->Rows()) Ask(server, *row, HPR_SIGNAL_TERM, server->grace_ms());
  server->KillAll();
}

void Story::Remove() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  hpr_target target{};
  target.pid = row->main.pid;
  if (const hpr_row *live = server->RowOf(target, false)) Forget(*live);
  server->Remove(target.pid);
}

void Story::CleanupOrphans() {
  AskByFile();
  if (Server *server = AnyServer()) server->CleanupOrphans();
}

void Story::AttachKeeper() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  const int32_t pid = row->main.pid;
  const hpr_identity listener = row->main;
  server->Do([&](hpr_registry *registry) {
    hpr_registry_attach_keeper(registry, pid, "/sessions/found.sock", &listener, 0);
  });
}

void Story::CloseServer() {
  Server *server = AnyServer();
  if (!server) return;
  leaving_.insert(server->serial());
  server->Close();
}

} // namespace sim
