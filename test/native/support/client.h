/* support/client.h: a pid file as one server sees it, and that server. */
#ifndef HPR_TEST_SUPPORT_CLIENT_H
#define HPR_TEST_SUPPORT_CLIENT_H

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/native.h"

/* A sound entry's text. */
std::string EntryOf(int pid);

/* The text of a file with these entries, as hpr_pidfile_sync writes it. */
std::string FileOf(const std::vector<std::string> &entries);

/* A file's text without the blanks at the ends of its lines. */
std::optional<std::string> Unpadded(const std::string &path);

/* A text that readers may see: whole, and what a registry writes. */
bool IsSound(const std::string &text);

/* The pids of its sound entries, in order. */
std::vector<int32_t> PidsIn(const std::string &text);

/* Whether somebody, this process included, holds that lock file. */
bool IsLocked(const std::string &path);

class Server {
public:
  /* `files` must outlive it. */
  Server(const std::string &path, uint64_t nonce, const hpr_file_ops *files = hpr_file_native());
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  /* From now on it has a lock as an owner. */
  void Own() { hpr_pidfile_own(pidfile_); }
  int Sync();
  hpr_lines *Lines() { return &lines_; }
  void Collect() { hpr_pidfile_collect(pidfile_); }

  std::vector<std::string> own;                /* its entries, written at each sync */
  std::function<hpr_keep(hpr_stored *)> judge; /* default: keeps what is not its own */
  std::vector<std::string> names;  /* birth numbers of the files with its lock, all so far */
  std::vector<std::string> judged; /* texts that the last sync asked about */
  std::vector<std::pair<std::string, std::string>> warnings; /* code and detail, all so far */

private:
  hpr_pidfile *pidfile_ = nullptr;
  bool UpdateLines();

  hpr_lines lines_ = {};
  uint64_t next_order_ = 1;
  std::map<uint64_t, std::unique_ptr<std::string>> entries_;
};

#endif
