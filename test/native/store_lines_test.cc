#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/client.h"

namespace {

/* A client's entry is a text here. */
void Copy(const void *entry, hpr_buffer *buffer) {
  const auto *text = static_cast<const std::string *>(entry);
  hpr_buffer_add(buffer, text->data(), text->size());
}

void Fail(const void *, hpr_buffer *buffer) { buffer->failed = true; }

class Lines : public testing::Test {
protected:
  ~Lines() override { hpr_lines_done(&lines_); }

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

  std::string Document() {
    hpr_span text = {};
    const hpr_document others = {};
    EXPECT_EQ(0, hpr_lines_refresh(&lines_, Copy));
    EXPECT_EQ(0, hpr_lines_document(&lines_, &others, &text));
    return {text.text, text.length};
  }

  std::string Expected() const {
    std::vector<std::string> texts;
    texts.reserve(entries_.size());
    for (const auto &[order, text] : entries_) texts.push_back(*text);
    return FileOf(texts);
  }

  hpr_lines lines_ = {};
  std::map<uint64_t, std::unique_ptr<std::string>> entries_;
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Lines, OfZeroesAreAnEmptyDocument) { EXPECT_EQ("{\"entries\":[]}\n", Document()); }

TEST_F(Lines, ThatWereNeverThereAreNotRemoved) {
  Put(1, "{}");
  hpr_lines_remove(&lines_, 2, nullptr);
  hpr_lines_spoil(&lines_, 2);
  EXPECT_EQ(Expected(), Document());
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Lines, StandInTheirOrder) {
  Put(1, R"({"pid":9001})");
  Put(2, R"({"pid":9002})");
  EXPECT_EQ("{\"entries\":[\n{\"pid\":9001},\n{\"pid\":9002}\n]}\n", Document());
}

TEST_F(Lines, KeepTheMembersThatOthersWrote) {
  std::string text = R"({"entries":[],"version":7})";
  hpr_document others = {};
  ASSERT_EQ(0, hpr_document_read(strdup(text.c_str()), text.size(), &others));
  hpr_span whole = {};
  EXPECT_EQ(0, hpr_lines_document(&lines_, &others, &whole));
  EXPECT_EQ("{\"entries\":[],\n\"version\":7}\n", std::string(whole.text, whole.length));
  hpr_document_done(&others);
}

TEST_F(Lines, AreMadeAnewOnlyWhenTheyAreStale) {
  Put(1, "{}");
  const std::string before = Document();
  *entries_[1] = R"({"pid":9001})";
  EXPECT_EQ(before, Document()) << "nobody said that it changed";
  hpr_lines_spoil(&lines_, 1);
  EXPECT_EQ(Expected(), Document());
}

TEST_F(Lines, LetTheSecondBecomeTheFirst) {
  Put(1, "{}");
  Put(2, R"({"pid":9002})");
  Document();
  Remove(1);
  EXPECT_EQ(Expected(), Document());
}

TEST_F(Lines, AreHandedOverInTheirPlace) {
  Put(1, R"({"pid":9001})");
  Put(2, R"({"pid":9002})");
  Document();
  const std::string other = R"({"pid":9001,"cwd":"/"})";
  ASSERT_EQ(0, hpr_lines_add(&lines_, 1, const_cast<std::string *>(&other)));
  hpr_lines_remove(&lines_, 1, entries_[1].get()); /* the one that had it: not its line any more */
  EXPECT_EQ(FileOf({other, *entries_[2]}), Document());
}

TEST_F(Lines, AreAddedToAnotherDocument) {
  Put(1, R"({"pid":9001})");
  Put(2, R"({"pid":9002})");
  hpr_document others = {};
  hpr_buffer buffer = {};
  Document();
  hpr_document_begin(&buffer);
  hpr_document_add(&buffer, "{}", 2);
  hpr_lines_add_to(&lines_, &buffer);
  hpr_document_end(&buffer, &others);
  EXPECT_EQ(FileOf({"{}", *entries_[1], *entries_[2]}), std::string(buffer.text, buffer.length));
  hpr_buffer_done(&buffer);
}

/* After whatever happened the document is what joining all of the entries gives. */
TEST_F(Lines, EqualTheirJoinedEntriesAfterAnyChanges) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  uint64_t next = 1;
  const auto any = [&] {
    auto it = entries_.begin();
    std::advance(it, random() % entries_.size());
    return it->first;
  };
  for (int i = 0; i < 20000; i++) {
    const unsigned what = entries_.empty() ? 0 : random() % 8;
    const std::string text(2 + random() % 40, static_cast<char>('a' + random() % 26));
    if (what < 2) Put(next++, text);
    if (what == 2) Remove(any());
    if (what == 3) Change(any(), text);
    if (what == 4) Put(any(), text);
    if (what > 4) {
      ASSERT_EQ(Expected(), Document()) << "step " << i;
    }
  }
  ASSERT_EQ(Expected(), Document());
}

/* --- failure -------------------------------------------------------------------------------- */

TEST_F(Lines, ThatCannotBeMadeAreMadeAnotherTime) {
  for (uint64_t order = 1; order <= 5; order++) Put(order, std::string(order, 'x'));
  Document();
  Change(2, "changed");
  Put(6, "new");
  EXPECT_EQ(HPR_ENOMEM, hpr_lines_refresh(&lines_, Fail));
  Remove(4);
  EXPECT_EQ(Expected(), Document());
}

} // namespace
