/* Any bytes as a pid file: what is read is valid, is written back the same, and nothing is
 * invented. */
#include <cjson/cJSON.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/client.h"
#include "support/folder.h"
#include "support/native.h"

namespace {

void Require(bool holds, const char *what, const std::string &text) {
  if (holds) return;
  fprintf(stderr, "not true: %s\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  abort();
}

/* A text that was taken apart; freed with it. */
class Document {
public:
  explicit Document(const std::string &text) {
    /* To the byte, so that the sanitizer sees a read beyond the end. */
    char *copy = static_cast<char *>(malloc(text.empty() ? 1 : text.size()));
    memcpy(copy, text.data(), text.size());
    const int result = hpr_document_read(copy, text.size(), &document_);
    Require(result == 0, "every text can be taken apart", text);
  }
  ~Document() { hpr_document_done(&document_); }
  Document(const Document &) = delete;
  Document &operator=(const Document &) = delete;

  const hpr_document &get() const { return document_; }
  bool damaged() const { return document_.damaged; }

  /* Of the entries that are sound, or of those that are refused. */
  std::vector<std::string> Texts(bool sound) const {
    std::vector<std::string> texts;
    for (const hpr_stored *it = document_.stored; it; it = it->next)
      if ((it->error == 0) == sound) texts.emplace_back(it->text.text, it->text.length);
    return texts;
  }

  std::vector<std::string> Announced() const {
    std::vector<std::string> texts;
    for (const hpr_stored *it = document_.announced; it; it = it->next)
      texts.emplace_back(it->text.text, it->text.length);
    return texts;
  }

  std::string Unknown() const {
    return std::string(document_.unknown.text ? document_.unknown.text : "",
                       document_.unknown.length);
  }

  std::string Composed() const {
    hpr_buffer buffer = {};
    hpr_document_begin(&buffer);
    for (const std::string &text : Texts(true)) hpr_document_add(&buffer, text.data(), text.size());
    hpr_document_end(&buffer, &document_);
    std::string text(buffer.text, buffer.length);
    hpr_buffer_done(&buffer);
    return text;
  }

private:
  hpr_document document_ = {};
};

bool IsStrictJson(const std::string &text) {
  hpr_cursor cursor = {};
  cursor.at = text.data();
  cursor.end = text.data() + text.size();
  hpr_span value;
  return hpr_scan_value(&cursor, &value) && hpr_scan_at_end(cursor);
}

/* By somebody else's decoder, which refuses overlong forms and surrogates as well. */
bool IsUtf8(const std::string &text) {
  static const iconv_t decoder = iconv_open("UTF-32LE", "UTF-8");
  std::vector<char> decoded(text.size() * 4 + 4);
  char *in = const_cast<char *>(text.data()), *out = decoded.data();
  size_t in_left = text.size(), out_left = decoded.size();
  iconv(decoder, nullptr, nullptr, nullptr, nullptr);
  return iconv(decoder, &in, &in_left, &out, &out_left) != static_cast<size_t>(-1);
}

/* The number under exactly that key; 0 if there is none. Letter case counts, and no rounding is
 * done. */
double NumberIn(const std::string &text, const char *key) {
  cJSON *tree = cJSON_ParseWithLength(text.data(), text.size());
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
  const double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
  cJSON_Delete(tree);
  return number;
}

bool IsPidOrNone(const hpr_identity &identity) {
  return identity.pid == 0 || identity.pid >= HPR_PID_MIN;
}

int32_t OwnerOf(const hpr_row &row) { return hpr_row_owner(&row)->identity.pid; }

/* What may be acted on: whatever the file said, no number that names a group or everybody. */
void RequireSoundRow(const hpr_row &row, const std::string &text) {
  const hpr_row_rest &more = *hpr_row_more(&row);
  Require(row.main.pid == NumberIn(text, "pid"), "the pid is what the entry says", text);
  const double pi = NumberIn(text, "piPid");
  Require(more.pi.pid == (pi != 0 ? pi : NumberIn(text, "agentPid")), "and the agent's", text);
  Require(more.keeper.pid == NumberIn(text, "keeperPid"), "and the keeper's", text);
  Require(IsUtf8(text), "a sound entry is UTF-8", text);
  Require(row.main.pid >= HPR_PID_MIN, "a sound entry has a valid pid", text);
  /* An owner may be process 1 of its container: it is never signalled. */
  Require(IsPidOrNone(more.pi) && IsPidOrNone(more.keeper) && OwnerOf(row) >= 0,
          "no other pid is invalid", text);
  Require(row.cwd != nullptr, "a sound entry has a folder", text);
  Require(!row.token || row.token[0], "an empty token is none", text);
  Require(!more.socket_path || more.socket_path[0], "an empty socket path is none", text);
}

std::string Written(const hpr_row &row) {
  hpr_buffer text = {};
  hpr_row_write(&row, &text);
  if (text.failed) abort();
  std::string copy(text.text, text.length);
  hpr_buffer_done(&text);
  return copy;
}

/* Our own rewriting of a row loses nothing that we know, and settles at once. */
void RequireRoundTrip(const hpr_row &row, const std::string &text) {
  const std::string once = Written(row);
  hpr_row again = {};
  Require(IsStrictJson(once), "what we write is strict JSON", once);
  Require(hpr_row_read(hpr_span{once.data(), once.size()}, &again) == 0, "and reads back", text);
  const hpr_row_rest &more = *hpr_row_more(&row), &more_again = *hpr_row_more(&again);
  Require(again.main.pid == row.main.pid && more_again.pi.pid == more.pi.pid &&
              more_again.keeper.pid == more.keeper.pid && OwnerOf(again) == OwnerOf(row),
          "with the same pids", text);
  Require(strcmp(again.cwd, row.cwd) == 0 && again.spawned_ms == row.spawned_ms &&
              again.terminating == row.terminating,
          "with the same folder, time and state", text);
  Require(Written(again) == once, "and is written the same again", text);
  hpr_row_done(&again);
}

void CheckDocument(const std::string &text) {
  const Document document(text);
  const std::string body = text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? text.substr(3) : text;
  Require(document.damaged() || IsStrictJson(body), "a sound document is strict JSON", text);
  Require(document.damaged() || IsUtf8(body), "a sound document is UTF-8", text);
  for (const hpr_stored *it = document.get().stored; it; it = it->next) {
    const std::string entry(it->text.text, it->text.length);
    Require(text.find(entry) != std::string::npos, "no entry is invented", text);
    Require(it->error == 0 || it->error == HPR_EINVAL, "an entry is sound or not", text);
    Require(it->error == 0 || !document.damaged(), "what is salvaged is sound", text);
    if (it->error != 0) continue;
    RequireSoundRow(it->row, entry);
    RequireRoundTrip(it->row, entry);
  }

  const std::string composed = document.Composed();
  const Document back(composed);
  Require(!back.damaged(), "what we compose is sound", text);
  Require(back.Texts(true) == document.Texts(true), "and has the same entries", text);
  Require(back.Texts(false) == document.Texts(false), "and refuses the same ones", text);
  Require(back.Announced() == document.Announced(), "and the same announced tokens", text);
  Require(back.Unknown() == document.Unknown(), "and the same other members", text);
  Require(back.Composed() == composed, "and is composed the same again", text);
}

/* The whole path: lock, read, quarantine, write. */
void CheckPidFile(const std::string &text) {
  static const Folder folder;
  const std::string path = folder / "pids.json";
  Write(path, text);
  Server server(path, 1);
  server.own = {EntryOf(2147483647)};
  Require(server.Sync() == 0, "every private file can be used", text);
  const Document before(text), after(*TextOf(path));
  std::vector<std::string> wanted;
  for (const std::string &entry : before.Texts(true))
    if (entry != server.own[0]) wanted.push_back(entry);
  wanted.push_back(server.own[0]);
  Require(!after.damaged() && after.Texts(true) == wanted, "its entries stay, to the letter", text);
  Require(after.Texts(false) == before.Texts(false), "and so do those that are refused", text);
  const std::vector<std::string> kept = NamesWith(folder.path(), ".corrupt-");
  Require(kept.size() == (before.damaged() ? 1 : 0), "what is damaged is kept aside", text);
  Require(kept.empty() || TextOf(folder / kept[0]) == text, "to the letter", text);
  for (const std::string &name : NamesIn(folder.path())) unlink((folder / name).c_str());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  CheckDocument(text);
  if (size % 16 == 0) CheckPidFile(text); /* the file system is slow: a part of all is enough */
  return 0;
}
