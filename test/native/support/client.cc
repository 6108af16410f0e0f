#include "support/client.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <stdexcept>

#include "support/folder.h"
#include "support/padding.h"

namespace {

Server &It(void *self) { return *static_cast<Server *>(self); }

hpr_keep Judge(void *self, hpr_stored *stored) {
  const std::string text(stored->text.text, stored->text.length);
  It(self).judged.push_back(text);
  return It(self).judge(stored);
}

void AddText(const void *entry, hpr_buffer *buffer) {
  const auto *text = static_cast<const std::string *>(entry);
  hpr_buffer_add(buffer, text->data(), text->size());
}

hpr_lines *OwnLines(void *self) { return It(self).Lines(); }

void Owned(void *self, const char *birth, const char *) { It(self).names.emplace_back(birth); }

void Warn(void *self, int error, const char *detail) {
  It(self).warnings.emplace_back(Code(error), detail);
}

void WithDocument(const std::string &text, const std::function<void(const hpr_document &)> &use) {
  char *copy = static_cast<char *>(malloc(text.size() + 1));
  memcpy(copy, text.data(), text.size());
  hpr_document document = {};
  if (hpr_document_read(copy, text.size(), &document) != 0)
    throw std::runtime_error("hpr_document_read");
  use(document);
  hpr_document_done(&document);
}

} // namespace

bool IsSound(const std::string &text) {
  bool sound = false;
  WithDocument(text, [&](const hpr_document &document) { sound = !document.damaged; });
  return sound;
}

std::vector<int32_t> PidsIn(const std::string &text) {
  std::vector<int32_t> pids;
  WithDocument(text, [&](const hpr_document &document) {
    for (const hpr_stored *it = document.stored; it; it = it->next)
      if (it->error == 0) pids.push_back(it->row.main.pid);
  });
  return pids;
}

bool IsLocked(const std::string &path) {
  const hpr_file_ops *files = hpr_file_native();
  hpr_file_info info;
  hpr_file file;
  if (files->info_at(files->self, path.c_str(), &info) != 0) return false; /* there is none yet */
  if (files->open_lock(files->self, path.c_str(), &file) != 0) return false;
  const bool locked = files->try_lock(files->self, file) == HPR_EBUSY;
  files->close(files->self, file);
  return locked;
}

std::string EntryOf(int pid) { return R"({"pid":)" + std::to_string(pid) + R"(,"cwd":"/w"})"; }

std::string FileOf(const std::vector<std::string> &entries) {
  std::string text;
  for (const std::string &entry : entries) text += (text.empty() ? "\n" : ",\n") + entry;
  return "{\"entries\":[" + text + "\n]}\n";
}

std::optional<std::string> Unpadded(const std::string &path) {
  const auto text = TextOf(path);
  if (!text) return std::nullopt;
  return WithoutPadding(*text);
}

Server::Server(const std::string &path, uint64_t nonce, const hpr_file_ops *files) {
  if (hpr_pidfile_open(path.c_str(), nonce, false, files, &pidfile_) != 0)
    throw std::runtime_error("hpr_pidfile_open");
  judge = [this](hpr_stored *stored) {
    const std::string text(stored->text.text, stored->text.length);
    return std::find(own.begin(), own.end(), text) == own.end() ? HPR_KEEP : HPR_DROP;
  };
}

Server::~Server() {
  hpr_pidfile_leave(pidfile_);
  hpr_pidfile_close(pidfile_);
  hpr_lines_done(&lines_);
}

/* As a registry does it: what is there already keeps its line. False: no memory. */
bool Server::UpdateLines() {
  size_t kept = 0;
  auto line = entries_.begin();
  while (line != entries_.end()) {
    if (kept < own.size() && *line->second == own[kept]) {
      kept++;
      ++line;
    } else {
      hpr_lines_remove(&lines_, line->first, line->second.get());
      line = entries_.erase(line);
    }
  }
  for (; kept < own.size(); kept++) {
    auto entry = std::make_unique<std::string>(own[kept]);
    if (hpr_lines_add(&lines_, next_order_, entry.get()) != 0) return false;
    entries_[next_order_++] = std::move(entry);
  }
  return true;
}

int Server::Sync() {
  hpr_pidfile_client client = {};
  client.self = this;
  client.judge = Judge;
  client.lines = OwnLines;
  client.write_line = AddText;
  client.owned = Owned;
  client.warn = Warn;
  judged.clear();
  if (!UpdateLines()) return HPR_ENOMEM;
  return hpr_pidfile_sync(pidfile_, &client);
}
