#include "support/host.h"

Host::Host(const std::string &pid_file) {
  hpr_options options = {};
  options.pid_file = pid_file.c_str();
  options.process = *system_.ops();
  options.files = hpr_file_native();
  options.grace_ms = HPR_GRACE_DEFAULT_MS;
  options.host.self = this;
  options.host.wake_in = [](void *self, int32_t delay_ms) {
    static_cast<Host *>(self)->wakes_ = delay_ms >= 0;
  };
  options.host.look_each_second = [](void *) {};
  options.host.status_wanted = [](void *, hpr_ticket) {};
  options.host.folder_wanted = [](void *, hpr_ticket, const char *) {};
  options.host.exited = [](void *self, const hpr_snapshot *entry) {
    static_cast<Host *>(self)->exits.push_back(entry->pid);
  };
  options.host.warned = [](void *self, int error, int32_t, const char *) {
    static_cast<Host *>(self)->warnings.push_back(Code(error));
  };
  options.host.terminated = [](void *, uint64_t, const hpr_termination *) {};
  options.host.closed = [](void *) {};
  hpr_registry_open(&options, &registry_);
}

Host::~Host() { Close(); }

void Host::Close() {
  hpr_registry_close(registry_);
  registry_ = nullptr;
}

bool Host::Register(pid_t pid, const std::string &session) {
  hpr_registration registration = {};
  registration.pid = pid;
  registration.cwd = "/";
  registration.token = session.c_str();
  hpr_ticket ticket;
  return hpr_registry_register(registry_, &registration, &ticket) == 0 &&
         hpr_registry_link_by_token(registry_, session.c_str(), session.c_str(), 0);
}

bool Host::Kill(const std::string &session) {
  hpr_target target = {};
  target.session = session.c_str();
  return hpr_registry_kill(registry_, &target);
}

void Host::HearNotices() {
  const std::vector<uint64_t> notices = system_.Notices();
  if (heard_ == notices.size()) return;
  hpr_registry_watches_fired(registry_, notices.data() + heard_, notices.size() - heard_);
  heard_ = notices.size();
}

void Host::FireTimers() {
  if (!wakes_) return;
  wakes_ = false;
  hpr_registry_timer_fired(registry_);
}
