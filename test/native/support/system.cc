#include "support/system.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include "support/wait.h"

System::System() { EXPECT_EQ("HPR_OK", Code(hpr_process_native_open(Notice, this, &ops_))); }

System::~System() { Close(); }

void System::Close() { hpr_process_native_close(&ops_); }

hpr_identity System::Identify(pid_t pid, const hpr_identity *family) {
  hpr_identity identity;
  ops_.identify(ops_.self, pid, family, &identity);
  EXPECT_EQ(pid, identity.pid);
  return identity;
}

hpr_identity System::IdentifyRecorded(pid_t pid, int64_t recorded_ms) {
  hpr_identity identity;
  ops_.identify_recorded(ops_.self, pid, recorded_ms, &identity);
  EXPECT_EQ(pid, identity.pid);
  return identity;
}

void System::Renew(hpr_identity *identity) { ops_.renew(ops_.self, identity); }

std::string System::Verify(const hpr_identity &identity) {
  return Verdict(ops_.verify(ops_.self, &identity));
}

bool System::HasEnded(const hpr_identity &identity) { return ops_.has_ended(ops_.self, &identity); }

std::string System::Signal(const hpr_identity &identity, hpr_signal signal, hpr_scope scope) {
  return Code(ops_.signal(ops_.self, &identity, signal, scope));
}

std::string System::SignalGroup(const hpr_identity &member, pid_t group, hpr_signal signal) {
  return Code(ops_.signal_group(ops_.self, &member, group, signal));
}

bool System::IsMember(const hpr_identity &identity, pid_t group) {
  return ops_.is_member(ops_.self, &identity, group);
}

std::vector<hpr_identity> System::Members(const hpr_identity &leader, size_t capacity) {
  std::vector<hpr_identity> members(capacity);
  size_t count = 0;
  EXPECT_EQ("HPR_OK", Code(ops_.members(ops_.self, &leader, members.data(), capacity, &count)));
  members.resize(count);
  return members;
}

std::vector<pid_t> System::Lineage(pid_t pid) {
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  std::vector<pid_t> pids;
  if (ops_.lineage(ops_.self, pid, line, &count) != 0) return pids;
  for (size_t i = 0; i < count; i++) pids.push_back(line[i].pid);
  return pids;
}

hpr_mark System::Mark(const hpr_identity &identity, const std::string &token,
                      const std::string &pid_file) {
  return ops_.mark(ops_.self, &identity, token.c_str(), pid_file.c_str());
}

std::string System::FirstWord(const hpr_identity &identity) {
  char *words;
  size_t size;
  if (ops_.command(ops_.self, &identity, &words, &size) != 0) return "";
  std::string word = words;
  free(words);
  return word;
}

std::string System::Watch(const hpr_identity &identity, uint64_t watch) {
  hpr_verdict verdict;
  return Code(ops_.watch(ops_.self, &identity, watch, &verdict));
}

void System::Unwatch(uint64_t watch) { ops_.unwatch(ops_.self, watch); }

int64_t System::NowMs() { return ops_.now_ms(ops_.self); }

std::vector<uint64_t> System::Notices() {
  std::lock_guard<std::mutex> guard(lock_);
  return notices_;
}

bool System::HasNotices(size_t count) {
  return Eventually([&] { return Notices().size() >= count; });
}

void System::Notice(void *context, uint64_t watch) {
  System *self = static_cast<System *>(context);
  std::lock_guard<std::mutex> guard(self->lock_);
  self->notices_.push_back(watch);
}
