#include "support/faulty_files.h"

#include <algorithm>

namespace {

const hpr_file_ops &Native() { return *hpr_file_native(); }

FaultyFiles &It(void *self) { return *static_cast<FaultyFiles *>(self); }

int Open(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kOpen);
  return code ? code : Native().open(Native().self, path, ret_file);
}

int Create(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kCreate);
  return code ? code : Native().create(Native().self, path, ret_file);
}

int OpenLock(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kOpenLock);
  return code ? code : Native().open_lock(Native().self, path, ret_file);
}

int Info(void *self, hpr_file file, hpr_file_info *ret_info) {
  int code = It(self).Enter(Op::kInfo);
  return code ? code : Native().info(Native().self, file, ret_info);
}

int InfoAt(void *self, const char *path, hpr_file_info *ret_info) {
  int code = It(self).Enter(Op::kInfoAt);
  return code ? code : Native().info_at(Native().self, path, ret_info);
}

int Read(void *self, hpr_file file, char *buffer, size_t size, size_t *ret_count) {
  int code = It(self).Enter(Op::kRead);
  size = std::min(size, It(self).chunk_bytes);
  return code ? code : Native().read(Native().self, file, buffer, size, ret_count);
}

int Resize(void *self, hpr_file file, uint64_t size) {
  int code = It(self).Enter(Op::kResize);
  return code ? code : Native().resize(Native().self, file, size);
}

int Pin(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kPin);
  return code ? code : Native().pin(Native().self, path, ret_file);
}

int OpenLeased(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kOpenLeased);
  return code ? code : Native().open_leased(Native().self, path, ret_file);
}

int EndLease(void *self, hpr_file file) {
  int code = It(self).Enter(Op::kEndLease);
  const int ended = Native().end_lease(Native().self, file);
  return code ? code : ended;
}

/* Releasing never fails: the system does it even for a process that died. */
void Close(void *, hpr_file file) { Native().close(Native().self, file); }

int Exchange(void *self, const char *a, const char *b) {
  int code = It(self).Enter(Op::kExchange);
  return code ? code : Native().exchange(Native().self, a, b);
}

int Rename(void *self, const char *from, const char *to) {
  int code = It(self).Enter(Op::kRename);
  return code ? code : Native().rename(Native().self, from, to);
}

int Unlink(void *self, const char *path) {
  int code = It(self).Enter(Op::kUnlink);
  return code ? code : Native().unlink(Native().self, path);
}

int MakeFolder(void *self, const char *path) {
  int code = It(self).Enter(Op::kMakeFolder);
  return code ? code : Native().make_folder(Native().self, path);
}

int List(void *self, const char *folder, hpr_file_visit visit, void *context) {
  int code = It(self).Enter(Op::kList);
  return code ? code : Native().list(Native().self, folder, visit, context);
}

int TryLock(void *self, hpr_file file) {
  int code = It(self).Enter(Op::kTryLock);
  return code ? code : Native().try_lock(Native().self, file);
}

void Unlock(void *, hpr_file file) { Native().unlock(Native().self, file); }

int ReadAt(void *self, hpr_file file, uint64_t offset, char *buffer, size_t size,
           size_t *ret_count) {
  int code = It(self).Enter(Op::kReadAt);
  return code ? code : Native().read_at(Native().self, file, offset, buffer, size, ret_count);
}

int WriteAt(void *self, hpr_file file, uint64_t offset, const char *data, size_t size,
            size_t *ret_count) {
  int code = It(self).Enter(Op::kWriteAt);
  size = std::min(size, It(self).chunk_bytes);
  return code ? code : Native().write_at(Native().self, file, offset, data, size, ret_count);
}

int OpenBytes(void *self, const char *path, hpr_file *ret_file) {
  int code = It(self).Enter(Op::kOpenBytes);
  return code ? code : Native().open_bytes(Native().self, path, ret_file);
}

void CloseBytes(void *, hpr_file file) { Native().close_bytes(Native().self, file); }

int LockByte(void *self, hpr_file file, uint64_t offset) {
  int code = It(self).Enter(Op::kLockByte);
  return code ? code : Native().lock_byte(Native().self, file, offset);
}

void UnlockByte(void *, hpr_file file, uint64_t offset) {
  Native().unlock_byte(Native().self, file, offset);
}

int TestByte(void *self, hpr_file file, uint64_t offset) {
  int code = It(self).Enter(Op::kTestByte);
  return code ? code : Native().test_byte(Native().self, file, offset);
}

int LockByteForLife(void *self, const char *path, uint64_t offset, uint64_t *ret_offset) {
  int code = It(self).Enter(Op::kLockByte);
  return code ? code : Native().lock_byte_for_life(Native().self, path, offset, ret_offset);
}

void Pause(void *self, int ms) {
  It(self).Enter(Op::kPause);
  if (!It(self).skip_pauses) Native().pause_ms(Native().self, ms);
}

bool SamePath(void *, const char *a, const char *b) {
  return Native().same_path(Native().self, a, b);
}

int FolderOf(void *, const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
  return Native().folder(Native().self, path, patience, ret_id);
}

bool IsShared(void *, const char *folder) { return Native().is_shared(Native().self, folder); }

bool NamesSocket(void *, const char *path) { return Native().names_socket(Native().self, path); }

} // namespace

FaultyFiles::FaultyFiles() {
  ops_.self = this;
  ops_.open = Open;
  ops_.create = Create;
  ops_.open_lock = OpenLock;
  ops_.info = Info;
  ops_.info_at = InfoAt;
  ops_.read = Read;
  ops_.resize = Resize;
  ops_.close = Close;
  ops_.pin = Pin;
  ops_.open_leased = OpenLeased;
  ops_.end_lease = EndLease;
  ops_.exchange = Exchange;
  ops_.rename = Rename;
  ops_.unlink = Unlink;
  ops_.make_folder = MakeFolder;
  ops_.list = List;
  ops_.try_lock = TryLock;
  ops_.unlock = Unlock;
  ops_.read_at = ReadAt;
  ops_.write_at = WriteAt;
  ops_.open_bytes = OpenBytes;
  ops_.close_bytes = CloseBytes;
  ops_.lock_byte = LockByte;
  ops_.unlock_byte = UnlockByte;
  ops_.test_byte = TestByte;
  ops_.lock_byte_for_life = LockByteForLife;
  ops_.pause_ms = Pause;
  ops_.same_path = SamePath;
  ops_.folder = FolderOf;
  ops_.is_shared = IsShared;
  ops_.names_socket = NamesSocket;
  ops_.separators = Native().separators;
  ops_.numbers_last = Native().numbers_last;
}

void FaultyFiles::FailCall(int number, int code, bool lasting) {
  calls_ = 0;
  fail_at_ = number;
  code_ = code;
  lasting_ = lasting;
  met_ = met_unlink_ = false;
}

void FaultyFiles::Heal() {
  fail_at_ = -1;
  always_.clear();
}

int FaultyFiles::count(Op op) const {
  const auto found = counts_.find(op);
  return found == counts_.end() ? 0 : found->second;
}

int FaultyFiles::Enter(Op op) {
  counts_[op]++;
  if (before) before(op);
  if (op == Op::kPause) return 0;
  if (const auto found = always_.find(op); found != always_.end()) return found->second;
  const int number = calls_++;
  const bool fails = fail_at_ >= 0 && (lasting_ ? number >= fail_at_ : number == fail_at_);
  if (!fails) return 0;
  met_ = true;
  if (op == Op::kUnlink) met_unlink_ = true;
  return code_;
}
