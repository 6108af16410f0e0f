/* The text of a file by places: what is written are pieces, and the whole must come out of them. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/padding.h"

namespace {

constexpr uint32_t kMax = 16 << 20;
constexpr uint32_t kSlack = 64;

size_t texts_made = 0;

void AddText(const void *entry, hpr_buffer *buffer) {
  texts_made++;
  const auto *text = static_cast<const std::string *>(entry);
  hpr_buffer_add(buffer, text->data(), text->size());
}

/* A registry's side, and two files of which one is a change behind. */
class Layout : public testing::Test {
protected:
  Layout() { layout_.slack = kSlack; }
  ~Layout() override {
    hpr_layout_done(&layout_);
    hpr_lines_done(&lines_);
    hpr_pieces_done(&changed_);
    hpr_pieces_done(&behind_);
    hpr_document_done(&others_);
    hpr_buffer_done(&announced_);
  }

  void Put(uint64_t order, const std::string &text) {
    auto entry = std::make_unique<std::string>(text);
    ASSERT_EQ(0, hpr_lines_add(&lines_, order, entry.get()));
    entries_[order].swap(entry);
  }

  void Change(uint64_t order, const std::string &text) {
    *entries_[order] = text;
    hpr_lines_spoil(&lines_, order);
  }

  void Remove(uint64_t order) {
    hpr_lines_remove(&lines_, order, entries_[order].get());
    entries_.erase(order);
  }

  void SetOthers(const std::string &text) {
    hpr_document_done(&others_);
    ASSERT_EQ(0, hpr_document_read(strdup(text.c_str()), text.size(), &others_));
    others_.own_announced = &announced_;
    anew_ = true;
  }

  void Announce(const std::string &text) {
    hpr_buffer_clear(&announced_);
    if (!text.empty()) hpr_buffer_add(&announced_, (",\n" + text).c_str(), text.size() + 2);
    others_.own_announced = &announced_;
  }

  int Update() {
    const hpr_layout_source source = Source();
    const int result = hpr_layout_update(&layout_, &source, anew_, &changed_);
    anew_ = result != 0;
    return result;
  }

  /* As hpr_spare_write does it: the other file gets the last change and this one. */
  void Write() {
    ASSERT_EQ("HPR_OK", Code(Update()));
    const hpr_layout_source source = Source();
    hpr_pieces_add_all(&behind_, &changed_);
    hpr_pieces_sort(&behind_);
    written_ = 0;
    if (behind_.whole) {
      hpr_pieces_clear(&behind_);
      hpr_pieces_add(&behind_, 0, layout_.size);
      spare_.clear();
    }
    spare_.resize(layout_.size, '?');
    for (size_t i = 0; i < behind_.count; i++) Print(source, behind_.list[i]);
    std::swap(live_, spare_);
    hpr_pieces_clear(&behind_);
    hpr_pieces_add_all(&behind_, &changed_);
    hpr_layout_after_write(&layout_, &lines_, true);
  }

  void Print(const hpr_layout_source &source, hpr_piece piece) {
    hpr_buffer buffer = {};
    ASSERT_EQ("HPR_OK", Code(hpr_layout_print(&layout_, &source, piece, &buffer)));
    ASSERT_EQ(piece.end - piece.at, buffer.length);
    ASSERT_LE(piece.end, spare_.size());
    spare_.replace(piece.at, buffer.length, buffer.text, buffer.length);
    written_ += buffer.length;
    hpr_buffer_done(&buffer);
  }

  hpr_layout_source Source() { return {&others_, &lines_, AddText, max_bytes_}; }

  std::string Expected() const {
    std::vector<std::string> texts;
    for (const hpr_stored *it = others_.stored; it; it = it->next)
      if (it->error == 0) texts.emplace_back(it->text.text, it->text.length);
    for (const auto &[order, text] : entries_) texts.push_back(*text);
    std::string text = FileOf(texts);
    hpr_buffer rest = {};
    hpr_document_end(&rest, &others_);
    text.replace(text.size() - 4, 4, std::string(rest.text, rest.length));
    hpr_buffer_done(&rest);
    return text;
  }

  void ExpectWritten() {
    Write();
    EXPECT_EQ(Expected(), WithoutPadding(live_));
  }

  hpr_layout layout_ = {};
  hpr_lines lines_ = {};
  hpr_document others_ = {};
  hpr_buffer announced_ = {};
  hpr_pieces changed_ = {}, behind_ = {nullptr, 0, 0, true};
  uint32_t max_bytes_ = kMax;
  bool anew_ = false;
  size_t written_ = 0;
  std::string live_, spare_;
  std::map<uint64_t, std::unique_ptr<std::string>> entries_;
};

std::string Entry(uint64_t number, size_t length = 500) {
  std::string text = R"({"pid":)" + std::to_string(number) + R"(,"cwd":")";
  return text + std::string(length > text.size() + 2 ? length - text.size() - 2 : 0, 'w') + "\"}";
}

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Layout, OfNothingIsAnEmptyList) {
  Write();
  EXPECT_EQ("{\"entries\":[\n]}\n", live_);
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Layout, StandsInTheOrderOfItsLines) {
  Put(1, Entry(1));
  Put(2, Entry(2));
  ExpectWritten();
  Put(3, Entry(3));
  ExpectWritten();
}

TEST_F(Layout, KeepsWhatOthersWrote) {
  SetOthers(R"({"entries":[{"pid":7,"cwd":"/o"},7],"v":1})");
  Put(1, Entry(1));
  ExpectWritten();
  Remove(1);
  ExpectWritten();
  SetOthers(R"({"entries":[]})");
  Put(2, Entry(2));
  ExpectWritten();
}

TEST_F(Layout, WritesAFewBytesHoweverManyLinesThereAre) {
  for (uint64_t order = 1; order <= 2000; order++) Put(order, Entry(order));
  Write();
  Write();
  for (uint64_t order = 2001; order < 2100; order++) {
    Put(order, Entry(order));
    Write();
    EXPECT_LT(written_, 2000u);
    Remove(order);
    Write();
    EXPECT_LT(written_, 2000u);
    Remove(order - 2000 + 700);
    Write();
    EXPECT_LT(written_, 3000u);
    Change(order - 2000 + 1200, Entry(order, 540));
    Write();
    EXPECT_LT(written_, 3000u) << "it had room to grow";
  }
  EXPECT_EQ(Expected(), WithoutPadding(live_));
}

TEST_F(Layout, MakesNoTextButOfTheLinesThatAreWritten) {
  for (uint64_t order = 1; order <= 10; order++) Put(order, Entry(order));
  Write();
  Write();
  for (uint64_t order = 11; order < 100; order++) {
    texts_made = 0;
    Put(order, Entry(order));
    Write();
    EXPECT_LE(texts_made, 2u) << "the new one, and the one before, which the other file lacks";
  }
}

TEST_F(Layout, FillsTheHoleThatTheLastLineLeft) {
  Put(1, Entry(1));
  Put(2, Entry(2));
  Write();
  const size_t size = live_.size();
  for (uint64_t order = 3; order < 100; order++) {
    Remove(order - 1);
    ExpectWritten();
    Put(order, Entry(order));
    ExpectWritten();
    EXPECT_EQ(size, live_.size());
  }
}

/* Its order is its meaning: the first of several that match is taken. */
TEST_F(Layout, MakesWayForALineThatGrows) {
  for (uint64_t order = 1; order <= 100; order++) Put(order, Entry(order));
  Write();
  Write();
  Change(50, Entry(50, 900));
  ExpectWritten();
  EXPECT_LT(written_, 8000u) << "those behind it have moved into the room between them";
  Remove(52);
  Write();
  Change(51, Entry(51, 900));
  ExpectWritten();
  EXPECT_LT(written_, 3000u) << "it has grown into the hole behind it";
}

TEST_F(Layout, IsLaidOutAnewWhereALineGrowsTooMuch) {
  for (uint64_t order = 1; order <= 100; order++) Put(order, Entry(order));
  Write();
  Change(2, Entry(2, 20000));
  ExpectWritten();
  EXPECT_TRUE(changed_.whole);
}

TEST_F(Layout, IsMadeDenseWhenItIsMostlyBlanks) {
  for (uint64_t order = 1; order <= 1000; order++) Put(order, Entry(order));
  Write();
  const size_t size = live_.size();
  for (uint64_t order = 1; order < 1000; order++) Remove(order);
  ExpectWritten();
  EXPECT_LT(live_.size(), size / 10);
}

/* The oldest goes and a new one comes, for years. */
TEST_F(Layout, StaysOfASizeAndWritesLittleOnTheWholeWhoeverComesAndGoes) {
  size_t written = 0;
  for (uint64_t order = 1; order < 5000; order++) {
    Put(order, Entry(order));
    if (order > 100) Remove(order - 100);
    Write();
    written += written_;
    ASSERT_LT(live_.size(), 200u * 600);
  }
  EXPECT_EQ(Expected(), WithoutPadding(live_));
  EXPECT_LT(written / 5000, 4000u);
}

TEST_F(Layout, ChangesItsEndAloneWhereATokenIsAnnounced) {
  for (uint64_t order = 1; order <= 100; order++) Put(order, Entry(order));
  Write();
  Write();
  for (int i = 0; i < 10; i++) {
    Announce(R"({"spawnToken":"x","spawnedAt":"2023-11-14T22:13:20.000Z"})");
    ExpectWritten();
    EXPECT_LT(written_, 1000u);
    Announce("");
    ExpectWritten();
    EXPECT_LT(written_, 1000u);
  }
}

TEST_F(Layout, DoesNotMoveALongEndForEachLine) {
  SetOthers(R"({"entries":[],"long":")" + std::string(100000, 'x') + "\"}");
  size_t written = 0;
  for (uint64_t order = 1; order < 400; order++) {
    Put(order, Entry(order));
    Write();
    written += written_;
  }
  EXPECT_EQ(Expected(), WithoutPadding(live_));
  EXPECT_LT(written / 400, 5000u);
}

/* After whatever happened both files hold what joining all of the entries gives. */
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a story is a long table
TEST_F(Layout, EqualsTheJoinedEntriesAfterAnyChanges) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  uint64_t next = 1;
  const auto any = [&] {
    auto it = entries_.begin();
    std::advance(it, random() % entries_.size());
    return it->first;
  };
  for (int i = 0; i < 10000 && !HasFailure(); i++) {
    const unsigned what = entries_.empty() ? 0 : random() % 16;
    const std::string text = Entry(i, 30 + random() % (what == 15 ? 3000 : 120));
    const size_t wanted = i / 1000 % 3 == 0 ? 5 : 60;
    if (what < 2 || (what < 4 && entries_.size() < wanted))
      Put(next++, text);
    else if (what == 2 || (what < 6 && entries_.size() > wanted))
      Remove(any());
    else if (what == 7 || what == 15)
      Change(any(), text);
    else if (what == 8)
      Put(any(), text); /* handed over */
    else if (what == 9)
      Announce(random() % 2 ? "" : R"({"spawnToken":")" + text.substr(9, 20) + "\"}");
    else if (what == 10 && random() % 20 == 0)
      SetOthers(random() % 2 ? R"({"entries":[]})"
                             : R"({"entries":[{"pid":7,"cwd":"/o"},1],"v":1})");
    else if (what == 11 && random() % 20 == 0) {
      Update(); /* and the write fails */
      hpr_layout_after_write(&layout_, &lines_, false);
      anew_ = true;
      behind_.whole = true;
    } else if (what > 11)
      ExpectWritten();
  }
  ExpectWritten();
}

/* --- failure -------------------------------------------------------------------------------- */

TEST_F(Layout, SaysWhenAnEntryHasChangedAndNobodySaidSo) {
  Put(1, Entry(1));
  Put(2, Entry(2));
  Write();
  *entries_[1] = Entry(1, 700);
  Change(2, Entry(2, 510));
  ASSERT_EQ("HPR_OK", Code(Update()));
  const hpr_layout_source source = Source();
  hpr_buffer buffer = {};
  EXPECT_EQ("HPR_ECORRUPT", Code(hpr_layout_print(&layout_, &source, {0, layout_.size}, &buffer)));
  hpr_buffer_done(&buffer);
  hpr_layout_after_write(&layout_, &lines_, false);
  behind_.whole = true;
  ExpectWritten();
}

TEST_F(Layout, IsNotLargerThanWhatIsRead) {
  max_bytes_ = 20000;
  for (uint64_t order = 1; order <= 30; order++) Put(order, Entry(order));
  ExpectWritten();
  EXPECT_LE(live_.size(), max_bytes_);
  for (uint64_t order = 31; order <= 50; order++) Put(order, Entry(order));
  EXPECT_EQ("HPR_ETOOBIG", Code(Update()));
  for (uint64_t order = 1; order <= 30; order++) Remove(order);
  ExpectWritten();
}

} // namespace
