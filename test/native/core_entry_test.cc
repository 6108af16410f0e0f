#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "support/native.h"

extern "C" {
#include "base/shared.h"
#include "core/entry.h"
}

namespace {

hpr_identity Known(int32_t pid, const char *birth, bool kin = false) {
  hpr_identity identity{};
  identity.pid = pid;
  identity.state = HPR_RECORD_KNOWN;
  identity.kin = kin;
  SetBoot(&identity, "boot@host");
  SetBirth(&identity, birth);
  return identity;
}

hpr_identity Untold(int32_t pid, hpr_record_state state) {
  hpr_identity identity{};
  identity.pid = pid;
  identity.state = state;
  return identity;
}

/* An entry that has been written once. */
class Entry {
public:
  explicit Entry(const hpr_identity &main, const hpr_identity &keeper = {}) {
    hpr_row row{};
    row.main = main;
    if (keeper.pid) hpr_row_add_more(&row)->keeper = keeper;
    row.cwd = hpr_shared_new("/");
    row.spawned_ms = HPR_SPAWNED_UNKNOWN;
    it = hpr_entry_new(&row);
    EXPECT_NE(nullptr, it);
    EXPECT_EQ(nullptr, row.cwd) << "it is the entry's now";
    EXPECT_EQ(0, hpr_lines_add(&lines, it->order, it));
    lines.change_count = lines.list[0].stale = 0; /* as after a write */
    it->lines = &lines;
  }
  ~Entry() {
    hpr_entry_free(it);
    hpr_lines_done(&lines);
  }
  Entry(const Entry &) = delete;
  Entry &operator=(const Entry &) = delete;

  bool IsStale() const { return lines.list[0].stale; }

  hpr_entry *it = nullptr;
  hpr_lines lines = {};
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Entry, ThatIsNullNeedsNoRelease) { hpr_entry_free(nullptr); }

TEST(Entry, HasNoPartsButItself) {
  Entry entry(Known(9000, "1.1"));
  EXPECT_EQ(&entry.it->row.main, hpr_entry_part(entry.it, HPR_PART_MAIN));
  EXPECT_EQ(nullptr, hpr_entry_part(entry.it, HPR_PART_AGENT));
  EXPECT_EQ(nullptr, hpr_entry_part(entry.it, HPR_PART_KEEPER));
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Entry, IsWrittenAsItIsNow) {
  Entry entry(Untold(9000, HPR_RECORD_NONE));
  entry.it->row.terminating = true;
  EXPECT_FALSE(entry.IsStale());
  hpr_entry_touch(entry.it);
  EXPECT_TRUE(entry.IsStale());
  hpr_buffer text = {};
  hpr_entry_write(entry.it, &text);
  EXPECT_EQ(R"({"pid":9000,"cwd":"/","terminating":true})", std::string(text.text, text.length));
  hpr_buffer_done(&text);
}

TEST(Entry, CountsAKeeperApartOnlyIfItIsAnotherProcess) {
  Entry same(Known(9000, "1.1"), Known(9000, "1.1")), other(Known(9000, "1.1"), Known(9001, "1.2"));
  EXPECT_EQ(nullptr, hpr_entry_part(same.it, HPR_PART_KEEPER));
  EXPECT_EQ(&hpr_row_more(&other.it->row)->keeper, hpr_entry_part(other.it, HPR_PART_KEEPER));
}

TEST(Entry, CountsAPiApartOnlyIfItIsAnotherProcess) {
  Entry entry(Known(9000, "1.1"));
  hpr_row_add_more(&entry.it->row)->pi = Known(9000, "1.1");
  EXPECT_EQ(nullptr, hpr_entry_part(entry.it, HPR_PART_AGENT));
  hpr_row_add_more(&entry.it->row)->pi = Known(9001, "1.1");
  EXPECT_EQ(&hpr_row_more(&entry.it->row)->pi, hpr_entry_part(entry.it, HPR_PART_AGENT));
}

TEST(Entry, TellsIdentitiesApartByAllButKinship) {
  const hpr_identity one = Known(9000, "1.1");
  hpr_identity boot = one, state = one;
  SetBoot(&boot, "other@host");
  state.state = HPR_RECORD_OPAQUE;
  const hpr_identity kin = Known(9000, "1.1", true), pid = Known(9001, "1.1"),
                     birth = Known(9000, "1.2");
  const hpr_identity *others[] = {&boot, &state, &pid, &birth};
  EXPECT_TRUE(hpr_identity_equal(&one, &kin));
  for (const hpr_identity *other : others) EXPECT_FALSE(hpr_identity_equal(&one, other));
}

TEST(Entry, LearnsThatItIsARelative) {
  Entry entry(Known(9000, "1.1"), Known(9000, "1.1"));
  const hpr_identity kin = Known(9000, "1.1", true), stranger = Known(9000, "1.1");
  EXPECT_TRUE(hpr_entry_learn(entry.it, &kin));
  EXPECT_TRUE(entry.it->row.main.kin);
  EXPECT_TRUE(hpr_row_more(&entry.it->row)->keeper.kin) << "who is the same process";
  EXPECT_TRUE(entry.IsStale());
  EXPECT_TRUE(hpr_entry_learn(entry.it, &stranger));
  EXPECT_TRUE(entry.it->row.main.kin) << "and does not forget it";
}

TEST(Entry, LearnsWhoItIsWhereNobodyCouldBeTold) {
  for (const hpr_record_state state : {HPR_RECORD_OPAQUE, HPR_RECORD_NONE, HPR_RECORD_NOBODY}) {
    Entry entry(Untold(9000, state), Known(9001, "1.2"));
    const hpr_identity known = Known(9000, "1.1"), other = Known(9001, "1.1");
    EXPECT_FALSE(hpr_entry_learn(entry.it, &other));
    EXPECT_TRUE(hpr_entry_learn(entry.it, &known)) << Record(state);
    EXPECT_TRUE(hpr_identity_equal(&known, &entry.it->row.main));
    EXPECT_FALSE(entry.it->row.main.kin);
    EXPECT_EQ(9001, hpr_row_more(&entry.it->row)->keeper.pid);
  }
}

TEST(Entry, IsNotRenderedAgainForWhatItKnows) {
  Entry entry(Known(9000, "1.1", true));
  const hpr_identity kin = Known(9000, "1.1", true);
  EXPECT_TRUE(hpr_entry_learn(entry.it, &kin));
  EXPECT_FALSE(entry.IsStale());
}

/* --- failure ---------------------------------------------------------------------------------- */

TEST(Entry, KnowsNoOther) {
  Entry entry(Known(9000, "1.1"));
  const hpr_identity stranger = Known(9000, "1.2", true), nobody = Untold(9000, HPR_RECORD_NOBODY),
                     untold = Untold(9000, HPR_RECORD_OPAQUE);
  for (const hpr_identity *other : {&stranger, &nobody, &untold})
    EXPECT_FALSE(hpr_entry_learn(entry.it, other));
  EXPECT_EQ("1.0.1", BirthOf(entry.it->row.main));
  EXPECT_FALSE(entry.it->row.main.kin);
}

} // namespace
