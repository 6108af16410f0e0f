#include "sim/disk.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace sim {

enum { kShort = 64 }; /* what is longer takes more than one call */

/* The functions of hpr_file_ops; `self` is the disk. */
struct DiskCalls {
  static Disk *Of(void *self) { return static_cast<Disk *>(self); }

  static bool Cannot() {
    the_kernel->SystemCall();
    return the_kernel->SelfIsDead();
  }

  /* Who sees what is locked now. */
  static const Kernel *Sight(void *self) { return Of(self)->locks_reach ? nullptr : the_kernel; }

  static void NoteReplaced(Disk *disk, const std::string &path) {
    if (path == disk->live_name && disk->on_replaced) disk->on_replaced();
  }

  static int OpenInode(Disk *disk, std::shared_ptr<Disk::Inode> inode, hpr_file *ret_file) {
    if (!the_kernel->descriptors_left) return HPR_EMFILE;
    *ret_file = disk->next_handle_++;
    disk->handles_[*ret_file] = {the_kernel, the_kernel->self, std::move(inode), 0};
    return 0;
  }

  static std::shared_ptr<Disk::Inode> Make(Disk *disk, const char *path) {
    auto inode = std::make_shared<Disk::Inode>();
    inode->number = disk->next_inode_++;
    inode->modified_ns = Now();
    disk->names_[path] = inode;
    return inode;
  }

  static int Open(void *self, const char *path, hpr_file *ret_file) {
    if (Cannot()) return HPR_EIO;
    const auto it = Of(self)->names_.find(path);
    if (it == Of(self)->names_.end()) return HPR_ENOENT;
    if (it->second->leased_by) return HPR_EBUSY;
    const int result = OpenInode(Of(self), it->second, ret_file);
    if (result == 0) Of(self)->handles_.at(*ret_file).reads = true;
    return result;
  }

  static int Create(void *self, const char *path, hpr_file *ret_file) {
    if (Cannot()) return HPR_EIO;
    if (Of(self)->create_fault) return Of(self)->create_fault;
    if (Of(self)->names_.count(path)) return HPR_EEXIST;
    if (!the_kernel->descriptors_left) return HPR_EMFILE;
    return OpenInode(Of(self), Make(Of(self), path), ret_file);
  }

  static int OpenLock(void *self, const char *path, hpr_file *ret_file) {
    if (Cannot()) return HPR_EIO;
    if (Of(self)->lock_fault) return Of(self)->lock_fault;
    if (!the_kernel->descriptors_left) return HPR_EMFILE;
    const auto it = Of(self)->names_.find(path);
    const bool exists = it != Of(self)->names_.end();
    const auto inode = exists ? it->second : Make(Of(self), path);
    inode->for_locks = true;
    return OpenInode(Of(self), inode, ret_file);
  }

  static hpr_file_info InfoOf(const Disk::Inode &inode) {
    hpr_file_info info{};
    info.regular = info.ours = true;
    info.device = 1;
    info.inode = inode.number;
    info.links = inode.links;
    info.size_bytes = static_cast<int64_t>(inode.data.size());
    info.modified_ns = inode.modified_ns;
    return info;
  }

  static int Info(void *self, hpr_file file, hpr_file_info *ret_info) {
    if (Cannot()) return HPR_EIO;
    *ret_info = InfoOf(*Of(self)->handles_.at(file).inode);
    return 0;
  }

  static int InfoAt(void *self, const char *path, hpr_file_info *ret_info) {
    if (Cannot()) return HPR_EIO;
    const auto it = Of(self)->names_.find(path);
    if (it == Of(self)->names_.end()) return HPR_ENOENT;
    *ret_info = InfoOf(*it->second);
    return 0;
  }

  static int Read(void *self, hpr_file file, char *buffer, size_t size, size_t *ret_count) {
    if (Cannot()) return HPR_EIO;
    Disk::Handle &handle = Of(self)->handles_.at(file);
    const std::string &data = handle.inode->data;
    const size_t count = std::min(size, data.size() - std::min(handle.at, data.size()));
    memcpy(buffer, data.data() + handle.at, count);
    handle.at += count;
    *ret_count = count;
    return 0;
  }

  static int ReadAt(void *self, hpr_file file, uint64_t offset, char *buffer, size_t size,
                    size_t *ret_count) {
    if (Cannot()) return HPR_EIO;
    const std::string &data = Of(self)->handles_.at(file).inode->data;
    *ret_count = std::min<size_t>(size, data.size() - std::min<size_t>(offset, data.size()));
    memcpy(buffer, data.data() + std::min<size_t>(offset, data.size()), *ret_count);
    return 0;
  }

  /* It is nobody's whose wall clock is wrong. */
  static int64_t Now() { return the_kernel->now_ms / kDiskTickMs * kDiskTickMs * 1000000; }

  static void NoteWrite(Disk *disk, const Disk::Inode &inode, hpr_file file) {
    if (inode.for_locks) return; /* whoever reads it takes it as it is */
    const auto live = disk->names_.find(disk->live_name);
    if (live != disk->names_.end() && live->second.get() == &inode)
      disk->broken = "the file is written to under its name";
    for (const auto &[number, handle] : disk->handles_)
      if (handle.inode.get() == &inode && number != file && handle.reads && inode.leased_by != file)
        disk->broken = "a file is written to that somebody reads";
  }

  static int WriteAt(void *self, hpr_file file, uint64_t offset, const char *data, size_t size,
                     size_t *ret_count) {
    if (Cannot()) return HPR_EIO;
    Disk::Inode &inode = *Of(self)->handles_.at(file).inode;
    NoteWrite(Of(self), inode, file);
    const size_t count = size > kShort ? (size + 1) / 2 : size; /* the rest is asked for again */
    inode.data.resize(std::max<size_t>(inode.data.size(), offset + count));
    inode.data.replace(offset, count, data, count);
    inode.modified_ns = Now();
    *ret_count = count;
    return 0;
  }

  static int Resize(void *self, hpr_file file, uint64_t size) {
    if (Cannot()) return HPR_EIO;
    Of(self)->handles_.at(file).inode->data.resize(size);
    return 0;
  }

  /* In the way of no lease, and none is in its way. */
  static int Pin(void *self, const char *path, hpr_file *ret_file) {
    if (Cannot()) return HPR_EIO;
    const auto it = Of(self)->names_.find(path);
    if (it == Of(self)->names_.end()) return HPR_ENOENT;
    const int result = OpenInode(Of(self), it->second, ret_file);
    if (result == 0) Of(self)->handles_.at(*ret_file).pin = true;
    return result;
  }

  static int OpenLeased(void *self, const char *path, hpr_file *ret_file) {
    if (Of(self)->create_fault) return Of(self)->create_fault;
    const int result = Open(self, path, ret_file);
    if (result != 0) return result;
    const auto inode = Of(self)->handles_.at(*ret_file).inode;
    bool alone = true;
    for (const auto &[number, handle] : Of(self)->handles_)
      if (handle.inode == inode && !handle.pin && number != *ret_file) alone = false;
    if (alone && Of(self)->leases) {
      Of(self)->handles_.at(*ret_file).reads = false;
      inode->leased_by = *ret_file;
      return 0;
    }
    Close(self, *ret_file);
    return alone ? HPR_ENOTSUP : HPR_EBUSY;
  }

  static int EndLease(void *self, hpr_file file) {
    if (Cannot()) return HPR_EIO;
    Disk::Inode &inode = *Of(self)->handles_.at(file).inode;
    const bool whole = inode.leased_by == file;
    if (whole) inode.leased_by = 0;
    return whole ? 0 : static_cast<int>(HPR_EBUSY);
  }

  static int LockByte(void *self, hpr_file file, uint64_t offset) {
    if (Cannot()) return HPR_EIO;
    if (Of(self)->byte_fault) return Of(self)->byte_fault;
    intptr_t &holder = Of(self)->handles_.at(file).inode->bytes_locked[{Sight(self), offset}];
    if (holder && holder != file) return HPR_EBUSY;
    holder = file;
    return 0;
  }

  static void UnlockByte(void *self, hpr_file file, uint64_t offset) {
    const auto it = Of(self)->handles_.find(file);
    if (the_kernel->SelfIsDead() || it == Of(self)->handles_.end()) return;
    auto &bytes = it->second.inode->bytes_locked;
    const auto byte = bytes.find({Sight(self), offset});
    if (byte != bytes.end() && byte->second == file) bytes.erase(byte);
  }

  static int TestByte(void *self, hpr_file file, uint64_t offset) {
    if (Cannot()) return HPR_EIO;
    if (Of(self)->byte_fault) return Of(self)->byte_fault;
    const auto &bytes = Of(self)->handles_.at(file).inode->bytes_locked;
    const auto it = bytes.find({Sight(self), offset});
    return it == bytes.end() || it->second == 0 || it->second == file ? 0
                                                                      : static_cast<int>(HPR_EBUSY);
  }

  static int LockByteForLife(void *self, const char *path, uint64_t offset, uint64_t *ret_offset) {
    hpr_file file;
    int result = OpenLock(self, path, &file);
    if (result != 0) return result;
    const auto &inode = Of(self)->handles_.at(file).inode;
    for (const auto &[number, handle] : Of(self)->handles_)
      if (handle.for_life && handle.host == the_kernel && handle.owner == the_kernel->self &&
          handle.inode == inode)
        for (const auto &[place, holder] : inode->bytes_locked)
          if (holder == number) *ret_offset = place.second, result = HPR_EEXIST;
    if (result == 0) result = LockByte(self, file, offset);
    if (result == 0) {
      Of(self)->handles_.at(file).for_life = true;
      *ret_offset = offset;
    } else {
      Close(self, file);
    }
    return result == HPR_EEXIST ? 0 : result;
  }

  static void Close(void *self, hpr_file file) {
    Unlock(self, file);
    Of(self)->Free(file);
    Of(self)->handles_.erase(file);
  }

  static int Exchange(void *self, const char *a, const char *b) {
    if (Cannot()) return HPR_EIO;
    auto &names = Of(self)->names_;
    if (!names.count(a) || !names.count(b)) return HPR_ENOENT;
    std::swap(names[a], names[b]);
    Of(self)->writes_++;
    NoteReplaced(Of(self), b);
    return 0;
  }

  static int Rename(void *self, const char *from, const char *to) {
    if (Cannot()) return HPR_EIO;
    auto &names = Of(self)->names_;
    if (!names.count(from)) return HPR_ENOENT;
    if (names.count(to)) names[to]->links--;
    names[to] = names[from];
    names.erase(from);
    NoteReplaced(Of(self), to);
    return 0;
  }

  static int Unlink(void *self, const char *path) {
    if (Cannot()) return HPR_EIO;
    auto &names = Of(self)->names_;
    if (!names.count(path)) return HPR_ENOENT;
    names[path]->links--;
    names.erase(path);
    return 0;
  }

  static int MakeFolder(void *, const char *) { return HPR_EEXIST; }

  static int List(void *self, const char *folder, hpr_file_visit visit, void *context) {
    if (Cannot()) return HPR_EIO;
    for (const std::string &name : Of(self)->List(folder))
      visit(context, name.c_str() + strlen(folder));
    return 0;
  }

  static int TryLock(void *self, hpr_file file) {
    if (Cannot()) return HPR_EIO;
    intptr_t &holder = Of(self)->handles_.at(file).inode->locked_by[Sight(self)];
    if (holder && holder != file) return HPR_EBUSY;
    holder = file;
    return 0;
  }

  static void Unlock(void *self, hpr_file file) {
    const auto it = Of(self)->handles_.find(file);
    if (it == Of(self)->handles_.end()) return;
    for (auto &[unused, holder] : it->second.inode->locked_by)
      if (holder == file) holder = 0;
  }

  static void Pause(void *, int ms) { the_kernel->now_ms += ms; }

  static std::string Real(void *self, const char *path) {
    const auto it = Of(self)->links.find(path);
    return it == Of(self)->links.end() ? path : it->second;
  }

  static bool SamePath(void *, const char *a, const char *b) { return std::strcmp(a, b) == 0; }

  static int FolderOf(void *self, const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
    const bool waits = patience == HPR_PATIENCE_ENDLESS;
    if (!waits && Of(self)->uncached.count(path)) return HPR_EBUSY;
    *ret_id = Of(self)->IdOf(path);
    return 0;
  }

  static bool IsShared(void *self, const char *) { return static_cast<Disk *>(self)->shared; }

  static bool NamesSocket(void *, const char *path) {
    return path[0] == '/' && std::string(path).size() <= 107;
  }
};

Disk::Disk() {
  ops_.self = this;
  ops_.open = DiskCalls::Open;
  ops_.create = DiskCalls::Create;
  ops_.open_lock = DiskCalls::OpenLock;
  ops_.info = DiskCalls::Info;
  ops_.info_at = DiskCalls::InfoAt;
  ops_.read = DiskCalls::Read;
  ops_.resize = DiskCalls::Resize;
  ops_.close = DiskCalls::Close;
  ops_.pin = DiskCalls::Pin;
  ops_.open_leased = DiskCalls::OpenLeased;
  ops_.end_lease = DiskCalls::EndLease;
  ops_.exchange = DiskCalls::Exchange;
  ops_.rename = DiskCalls::Rename;
  ops_.unlink = DiskCalls::Unlink;
  ops_.make_folder = DiskCalls::MakeFolder;
  ops_.list = DiskCalls::List;
  ops_.try_lock = DiskCalls::TryLock;
  ops_.unlock = DiskCalls::Unlock;
  ops_.read_at = DiskCalls::ReadAt;
  ops_.write_at = DiskCalls::WriteAt;
  ops_.open_bytes = DiskCalls::OpenLock;
  ops_.close_bytes = DiskCalls::Close;
  ops_.lock_byte = DiskCalls::LockByte;
  ops_.unlock_byte = DiskCalls::UnlockByte;
  ops_.test_byte = DiskCalls::TestByte;
  ops_.lock_byte_for_life = DiskCalls::LockByteForLife;
  ops_.pause_ms = DiskCalls::Pause;
  ops_.same_path = DiskCalls::SamePath;
  ops_.folder = DiskCalls::FolderOf;
  ops_.is_shared = DiskCalls::IsShared;
  ops_.names_socket = DiskCalls::NamesSocket;
  ops_.separators = "/";
}

hpr_folder_id Disk::IdOf(const std::string &path) {
  return {1, std::hash<std::string>()(DiskCalls::Real(this, path.c_str()))};
}

std::optional<std::string> Disk::Read(const std::string &path) const {
  const auto it = names_.find(path);
  if (it == names_.end()) return std::nullopt;
  return it->second->data;
}

void Disk::Write(const std::string &path, const std::string &text) {
  const auto inode = DiskCalls::Make(this, path.c_str());
  inode->data = text;
  inode->modified_ns = DiskCalls::Now();
}

void Disk::Remove(const std::string &path) {
  const auto it = names_.find(path);
  if (it == names_.end()) return;
  it->second->links--;
  names_.erase(it);
}

void Disk::Empty(const std::string &path) {
  if (const auto it = names_.find(path); it != names_.end()) it->second->data.clear();
}

void Disk::CloseAllOf(Serial owner) {
  for (auto it = handles_.begin(); it != handles_.end();) {
    if (it->second.host != the_kernel || it->second.owner != owner) {
      ++it;
      continue;
    }
    DiskCalls::Unlock(this, it->first);
    if (it->second.inode->leased_by == it->first) it->second.inode->leased_by = 0;
    Free(it->first);
    it = handles_.erase(it);
  }
}

/* The bytes that it has locked. */
void Disk::Free(intptr_t number) {
  const auto handle = handles_.find(number);
  if (handle == handles_.end()) return;
  auto &bytes = handle->second.inode->bytes_locked;
  for (auto it = bytes.begin(); it != bytes.end();)
    it = it->second == number ? bytes.erase(it) : std::next(it);
}

size_t Disk::OpenFilesOf(Serial owner) const {
  size_t count = 0;
  for (const auto &[unused, handle] : handles_)
    count += handle.host == the_kernel && handle.owner == owner && !handle.for_life;
  return count;
}

std::vector<std::string> Disk::List(const std::string &prefix) const {
  std::vector<std::string> names;
  for (const auto &[name, unused] : names_)
    if (name.compare(0, prefix.size(), prefix) == 0) names.push_back(name);
  return names;
}

} // namespace sim
