#include "sim/truth.h"

#include <cstdlib>
#include <cstring>

extern "C" {
#include "platform/identity.h"
#include "store/document.h"
}

namespace sim {

namespace {

std::string Describe(const Kernel *kernel, Serial serial) {
  return std::to_string(kernel->NumberOf(serial)) + " #" + std::to_string(serial);
}

std::string BootOf(const hpr_identity &identity) {
  hpr_identity_text text;
  hpr_identity_print(&identity, &text);
  return text.boot;
}

/* By the kernel's own id, and not by one that a server made for want of it. */
bool NamesThisBoot(const Kernel &kernel, const hpr_identity &identity) {
  return identity.boot.form == HPR_BOOT_ID && kernel.IsOfThisBoot(BootOf(identity));
}

constexpr int64_t kDayMs = INT64_C(24) * 60 * 60 * 1000;

} // namespace

/* --- who is who ----------------------------------------------------------------------------- */

Serial Truth::SerialOf(const hpr_row &row, const hpr_identity &identity) const {
  const hpr_birth &birth = identity.birth;
  if (identity.pid == 0) return 0;
  if (identity.state == HPR_RECORD_OPAQUE) {
    const auto it = untold_.find({hpr_row_owner(&row)->id, identity.pid});
    return it == untold_.end() || identity.pid != row.main.pid ? 0 : it->second;
  }
  if (identity.state != HPR_RECORD_KNOWN || !kernel_->IsOfThisBoot(BootOf(identity))) return 0;
  if (!hpr_birth_is_told(&birth)) return 0;
  if (birth.name_kind != 0) return birth.name;
  return kernel_->BornAs(identity.pid, birth.start);
}

Serial Truth::MeantBy(const hpr_row &row) const {
  const Serial serial = SerialOf(row, row.main);
  if (serial || row.main.state != HPR_RECORD_OPAQUE) return serial;
  const Process *holder = kernel_->Holder(row.main.pid);
  return holder ? holder->serial : 0;
}

/* A descendant that leads no group was asked by itself. */
Serial Truth::AskedSerial(const hpr_row &row, const hpr_asked &asked) const {
  hpr_identity identity = row.main;
  identity.pid = asked.pid;
  identity.state = HPR_RECORD_KNOWN;
  identity.birth = asked.birth;
  return SerialOf(row, identity);
}

bool Truth::IsTold(const hpr_row &row) {
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper,
                                 &hpr_row_more(&row)->former})
    if (it->state == HPR_RECORD_OPAQUE || it->boot.form == HPR_BOOT_NONCE)
      return false; /* nor which boot */
  return true;
}

std::set<Serial> Truth::PartsOf(const hpr_row &row) const {
  std::set<Serial> parts;
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper,
                                 &hpr_row_more(&row)->former})
    if (const Serial serial = SerialOf(row, *it)) parts.insert(serial);
  return parts;
}

std::set<Serial> Truth::KinOf(const hpr_row &row) const {
  std::set<Serial> parts;
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper,
                                 &hpr_row_more(&row)->former})
    if (it->kin) parts.insert(SerialOf(row, *it));
  return parts;
}

/* Who has one of its numbers and carries its token proves by that what the record does not say. */
std::set<Serial> Truth::MarkedFor(const hpr_row &row) const {
  std::set<Serial> marked;
  const std::string mark = "=" + std::string(row.token ? row.token : "");
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper}) {
    const Process *holder = row.token ? kernel_->Holder(it->pid) : nullptr;
    for (const std::string &word : holder ? holder->environment : std::vector<std::string>())
      if (word.size() > mark.size() && word.substr(word.size() - mark.size()) == mark)
        marked.insert(holder->serial);
  }
  return marked;
}

/* --- told by the story ---------------------------------------------------------------------- */

std::set<Serial> Truth::Asked(const hpr_row &row) {
  std::set<Serial> kin = KinOf(row);
  asked_.insert(kin.begin(), kin.end());
  if (row.main.state == HPR_RECORD_OPAQUE) asked_.insert(MeantBy(row));
  const std::set<Serial> marked = MarkedFor(row);
  asked_.insert(marked.begin(), marked.end());
  /* A keeper's child may be found to be the agent. */
  const Serial keeper =
      hpr_row_more(&row)->keeper.kin ? SerialOf(row, hpr_row_more(&row)->keeper) : 0;
  for (const Serial serial : kernel_->All())
    if (keeper && kernel_->Find(serial)->parent == keeper) asked_.insert(serial);
  if (on_asked) on_asked(row);
  /* A row that it meets meanwhile may prove what it could not: that one is ours, too. */
  for (const hpr_row &other : FileRows())
    for (const Serial serial : KinOf(other))
      if (PartsOf(row).count(serial)) asked_.insert(serial);
  return kin;
}

/* Whoever adopts such a row and one that is ending need not finish the end. */
bool Truth::IsClaimed(const std::vector<Server *> &servers, Serial serial) {
  for (const hpr_row &row : FileRows())
    if (!row.terminating && PartsOf(row).count(serial)) return true;
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows())
      if (!row->terminating && PartsOf(*row).count(serial)) return true;
  return false;
}

void Truth::Promised(const Server &server, const std::vector<Server *> &servers,
                     const std::set<Serial> &asked) {
  if (!server.is_open()) return;
  for (const Serial serial : asked)
    if (!IsClaimed(servers, serial)) promised_.insert(serial);
}

void Truth::AskedByFile(const std::vector<Server *> &servers) {
  for (const hpr_row &row : FileRows()) {
    if (row.terminating || IsTooOld(row)) Asked(row);
    for (size_t i = 0; hpr_row_more(&row)->ending && i < hpr_row_more(&row)->ending->sent_count;
         i++) { /* descendants, too */
      const Serial serial = AskedSerial(row, hpr_row_more(&row)->ending->sent[i]);
      if (!IsClaimed(servers, serial)) asked_.insert(serial);
    }
  }
  for (const Server *server : servers) /* what it writes yet, before it dies */
    for (const hpr_row *row : server->Rows())
      if (IsTooOld(*row)) Asked(*row);
}

bool Truth::IsTooOld(const hpr_row &row) const {
  return kernel_->BootMs() - row.spawned_boot_ms > 7 * kDayMs - kDayMs / 24;
}

void Truth::CheckAges(const Server &server) {
  for (const hpr_row *row : server.Rows()) {
    const int64_t age_ms = kernel_->BootMs() - row->spawned_boot_ms;
    if (!row->terminating && IsTold(*row) && row->main.kin && row->spawned_boot_ms != 0 &&
        NamesThisBoot(*kernel_, row->main) && age_ms > 7 * kDayMs + kDayMs / 24)
      Break(Describe(kernel_, SerialOf(*row, row->main)) + " is too old and is not asked to end");
  }
}

void Truth::Registered(const Server &server, int32_t pid, Serial holder,
                       const std::vector<Server *> &others) {
  hpr_target target{};
  target.pid = pid;
  const hpr_row *row = server.RowOf(target, false);
  if (!row) return;
  /* Untold and kin: a child of the server, which keeps its number until the server reaps it. */
  if (row->main.state == HPR_RECORD_OPAQUE && row->main.kin)
    untold_[{hpr_row_owner(row)->id, pid}] = holder;
  promised_.erase(SerialOf(*row, row->main));
  if (!row->main.kin) return;
  if (const Serial serial = SerialOf(*row, row->main)) {
    bool part_of_another = false; /* which may be ending */
    for (const hpr_row *other : server.Rows())
      part_of_another = part_of_another || (other != row && KinOf(*other).count(serial));
    for (const Server *it : others) /* one that was asked goes on, and may not be able to say so */
      for (const hpr_row *other : it->Rows())
        part_of_another = part_of_another || (it->EndingOf(*other) && KinOf(*other).count(serial));
    /* It is wanted again. What it has started was asked with it, and is not. */
    if (!part_of_another && asked_.erase(serial))
      for (const Serial other : kernel_->All())
        if (kernel_->Find(other)->parent == serial) asked_.insert(other);
    must_know_.insert(serial);
  }
}

void Truth::Linked(const Server &server, const std::string &token, Serial before) {
  hpr_target target{};
  target.token = token.c_str();
  const hpr_row *row = server.RowOf(target, false);
  if (row)
    Taught(*row, before);
  else
    must_know_.erase(before); /* it was named, and has ended since */
}

void Truth::Taught(const hpr_row &row, Serial before) {
  const bool in_place_of_main =
      hpr_row_more(&row)->pi.pid == 0 && hpr_row_more(&row)->registered_pid != 0;
  const hpr_identity &agent = in_place_of_main ? row.main : hpr_row_more(&row)->pi;
  if (!agent.kin) return;
  const Serial serial = SerialOf(row, agent);
  if (serial != before) must_know_.erase(before); /* the caller says that there is another */
  if (serial) must_know_.insert(serial);
}

/* The file may say already who is the agent now. */
/* Whose the row is that the call may have written nobody was told, if the system did not say it. */
void Truth::CrashedWhileRegistered(int32_t pid) {
  const Process *holder = kernel_->Holder(pid);
  for (const hpr_row &row : FileRows())
    if (holder && row.main.pid == pid && row.main.state == HPR_RECORD_OPAQUE)
      must_know_.erase(holder->serial);
}

void Truth::CrashedWhileTold(Serial before) {
  if (!IsKnown({}, before)) must_know_.erase(before);
}

void Truth::Forget(const hpr_row &row) {
  for (const Serial serial : PartsOf(row)) must_know_.erase(serial);
}

/* By the file an entry is about it. Whom it names as a keeper alone goes with the entry. */
bool Truth::IsSubject(Serial serial) {
  for (const hpr_row &row : FileRows())
    for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi})
      if ((it->kin || it->state == HPR_RECORD_OPAQUE) && SerialOf(row, *it) == serial) return true;
  return false;
}

/* The file says that it is to end. */
bool Truth::IsEnding(Serial serial) {
  for (const hpr_row &row : FileRows())
    if (row.terminating && PartsOf(row).count(serial)) return true;
  return false;
}

void Truth::Lost(const std::vector<Server *> &others) {
  const auto drop = [](std::set<Serial> *from, const auto &is_lost) {
    for (auto it = from->begin(); it != from->end();)
      it = is_lost(*it) ? from->erase(it) : std::next(it);
  };
  drop(&must_know_, [&](Serial serial) { return !IsKnown(others, serial) || !IsSubject(serial); });
  drop(&promised_, [&](Serial serial) { return !IsEnding(serial); });
}

void Truth::Rebooted() {
  asked_.clear();
  promised_.clear();
  must_know_.clear();
  untold_.clear();
}

/* --- the file ------------------------------------------------------------------------------- */

void Truth::DropFileRows() {
  for (hpr_row &row : file_rows_) hpr_row_done(&row);
  file_rows_.clear();
}

const std::vector<hpr_row> &Truth::FileRows() {
  const std::string text = disk_->Read(kPidFile).value_or("");
  if (text == file_text_) return file_rows_;
  DropFileRows();
  file_text_ = text;
  if (text.empty()) return file_rows_;
  hpr_document document;
  char *copy = static_cast<char *>(malloc(text.size()));
  memcpy(copy, text.data(), text.size());
  if (hpr_document_read(copy, text.size(), &document) != 0) return file_rows_;
  if (document.damaged) Break("the file is damaged: " + text);
  for (hpr_stored *stored = document.stored; stored; stored = stored->next) {
    if (stored->error != 0) {
      Break("an entry of the file is damaged: " + text);
      continue;
    }
    file_rows_.push_back(stored->row);
    stored->row = hpr_row{};
  }
  hpr_document_done(&document);
  return file_rows_;
}

/* --- promises ------------------------------------------------------------------------------- */

void Truth::Break(const std::string &what) {
  if (broken_.empty()) broken_ = what;
}

/*
 * Who leads no group takes its descendants along, a keeper the agents that it starts anew: whoever
 * was made by one that is to end, whether that one lives or not.
 */
bool Truth::GoesAlong(const Delivery &it) const {
  /* An agent that a keeper starts anew while it is ended may lead a group of its own. */
  if (it.group) return asked_.count(kernel_->MadeBy(it.target)) != 0;
  for (Serial at = it.target; at; at = kernel_->MadeBy(at))
    if (asked_.count(at)) return true;
  return false;
}

void Truth::CheckSignal(const Delivery &it) {
  const std::string whom = Describe(kernel_, it.target);
  const Process *sender = kernel_->Find(it.sender);
  if (it.number < 2) Break("a signal to pid " + std::to_string(it.number));
  if (it.target == it.sender) Break("a server signals itself");
  if (it.group && it.target == sender->group) Break("a server signals its own group");
  for (Serial up = sender->parent; up; up = kernel_->Find(up) ? kernel_->Find(up)->parent : 0)
    if (up == it.target) Break("a signal to an ancestor, " + whom);
  if (!GoesAlong(it) && !asked_.count(it.target))
    Break("a signal to " + whom + ", whose end nobody wanted");
  const Process *target = kernel_->Find(it.target);
  if (target && !target->ours) Break("a signal to a stranger, " + whom);
}

/* A row that takes it for a stranger's keeps the number and forgets the child. */
bool Truth::Names(const hpr_row &row, Serial serial) const {
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper,
                                 &hpr_row_more(&row)->former})
    if ((it->kin || it->state == HPR_RECORD_OPAQUE) && SerialOf(row, *it) == serial) return true;
  return false;
}

bool Truth::IsKnown(const std::vector<Server *> &servers, Serial serial) {
  for (const hpr_row &row : FileRows())
    if (Names(row, serial)) return true;
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows())
      if (Names(*row, serial)) return true;
  return false;
}

bool Truth::IsDead(const hpr_row &row, const hpr_identity &identity) const {
  return identity.state == HPR_RECORD_KNOWN && NamesThisBoot(*kernel_, identity) &&
         !kernel_->IsAlive(SerialOf(row, identity)) &&
         (kernel_->features.names || !kernel_->GroupOfNumber(identity.pid));
}

bool Truth::IsOrphan(const hpr_row &row, const std::vector<Server *> &servers) const {
  const Serial serial = SerialOf(row, row.main);
  if (row.main.state != HPR_RECORD_KNOWN || !row.main.kin || !kernel_->IsAlive(serial))
    return false;
  /* Without a boot id nobody can tell once the wall clock has been set. */
  if (!NamesThisBoot(*kernel_, row.main)) return false;
  for (const Server *server : servers)
    for (const hpr_row *own : server->Rows())
      if (own->main.pid == row.main.pid || hpr_row_more(own)->pi.pid == row.main.pid) return false;
  return true;
}

/* Whoever wants its end is told that it is not theirs to end. */
bool Truth::IsAboveOne(const std::vector<Server *> &servers, Serial serial) const {
  for (const Server *server : servers)
    for (const Process *at = kernel_->Find(server->serial()); at; at = kernel_->Find(at->parent))
      if (at->serial == serial) return true;
  return false;
}

void Truth::CheckNothingIsForgotten(const std::vector<Server *> &servers) {
  for (const Serial serial : must_know_)
    if (kernel_->IsAlive(serial) && !IsKnown(servers, serial) &&
        !(asked_.count(serial) && IsAboveOne(servers, serial)))
      Break(Describe(kernel_, serial) + " is alive, ours and forgotten");
}

void Truth::CheckEnd(const Server &server, bool may_end_all) {
  for (const Serial serial : promised_)
    if (may_end_all && must_know_.count(serial) && kernel_->IsAlive(serial))
      Break(Describe(kernel_, serial) + " was to end and lives on");
  for (const hpr_row *row : server.Rows()) {
    bool anybody = false;
    for (const Serial serial : PartsOf(*row))
      anybody = anybody || kernel_->IsAlive(serial) || kernel_->GroupLives(serial);
    /* Without names nobody can tell whose a group is that has lost its leader. */
    bool told = IsTold(*row) &&
                (kernel_->features.names || !kernel_->GroupOfNumber(hpr_row_more(row)->pi.pid));
    for (size_t i = 0; hpr_row_more(row)->ending && i < hpr_row_more(row)->ending->sent_count;
         i++) {
      const hpr_asked &asked = hpr_row_more(row)->ending->sent[i];
      anybody = anybody || kernel_->IsAlive(AskedSerial(*row, asked));
      told = told && (kernel_->features.names || !kernel_->GroupOfNumber(asked.pid));
    }
    if (!anybody && told)
      Break("the entry of " + std::to_string(row->main.pid) + " outlives its process");
  }
}

} // namespace sim
