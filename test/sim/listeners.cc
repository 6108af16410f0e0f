/* sim/listeners.cc: what those who hear a registry's reports do before they return. */
#include "sim/story.h"

namespace sim {

namespace {

constexpr size_t kReportsPerCall = 5;

} // namespace

/* The work of a call is done when it returns, or when it tells of it. */
void Story::Call(Server *server, const std::function<bool()> &call,
                 const std::function<void()> &learn) {
  Calling it{server, learn, calling_};
  calling_ = &it;
  const bool done = call();
  calling_ = it.outer;
  if (done && !it.learnt && kernel_.IsAlive(server->serial())) learn();
}

void Story::Learn(Server *server) {
  for (Calling *it = calling_; it; it = it->outer) {
    if (it->server != server || it->learnt) continue;
    it->learnt = true;
    it->learn();
  }
}

void Story::ListenTo(Server *server) {
  server->on_exit_event = [this, server] {
    if (kernel_.IsAlive(server->serial())) exits_.Told(*server, server->exits.back());
  };
  server->on_report = [this, server](const std::string &) { Hear(server); };
  server->on_status_wanted = [this, server] { HearStatusWanted(server); };
}

void Story::Hear(Server *server) {
  static const std::vector<Act> kCalls = {
      {"  > spawn", &Story::SpawnAndRegister, 4},
      {"  > register again", &Story::RegisterAgain, 3},
      {"  > link by token", &Story::LinkByToken, 2},
      {"  > report pi", &Story::ReportPi, 4},
      {"  > link by cwd", &Story::LinkByCwd, 2},
      {"  > kill a session", &Story::KillSession, 4},
      {"  > kill a token", &Story::KillToken, 4},
      {"  > terminate", &Story::TerminatePid, 4},
      {"  > kill all", &Story::KillAll, 1},
      {"  > remove", &Story::Remove, 2},
      {"  > clean up", &Story::CleanupOrphans, 2},
      {"  > close", &Story::CloseServer, 2},
      {"  > the server dies", &Story::CrashListening, 1},
  };
  if (!kernel_.IsAlive(server->serial())) return;
  Learn(server);
  if (!server->IsAtRest()) truth_.Break("a report before its work is done");
  if (!listens_ || !random_.OneIn(kReportsPerCall)) return;
  Server *const before = listening_;
  listening_ = server;
  Step(kCalls);
  listening_ = before;
}

/* A host that knows answers at once, another later. */
void Story::HearStatusWanted(Server *server) {
  if (random_.OneIn(2)) server->AnswerStatus();
}

/* In the middle of a report, which never returns. */
void Story::CrashListening() { listening_->Crash(); }

} // namespace sim
