#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "support/native.h"

namespace {

class Document {
public:
  explicit Document(const std::string &text) {
    char *copy = static_cast<char *>(malloc(text.size() + 1));
    memcpy(copy, text.data(), text.size());
    result = hpr_document_read(copy, text.size(), &document);
  }
  ~Document() { hpr_document_done(&document); }
  Document(const Document &) = delete;
  Document &operator=(const Document &) = delete;

  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const hpr_stored *it = document.stored; it; it = it->next)
      texts.emplace_back(it->text.text, it->text.length);
    return texts;
  }

  std::vector<std::string> Tokens() const {
    std::vector<std::string> tokens;
    for (const hpr_stored *it = document.announced; it; it = it->next)
      tokens.emplace_back(it->error == 0 ? it->row.token : "");
    return tokens;
  }

  /* 0 for an entry that must not be acted on. */
  std::vector<int32_t> Pids() const {
    std::vector<int32_t> pids;
    for (const hpr_stored *it = document.stored; it; it = it->next)
      pids.push_back(it->error == 0 ? it->row.main.pid : 0);
    return pids;
  }

  /* The text with all its entries, and `own` behind them; refused ones stand beside. */
  std::string Rewritten(const std::vector<std::string> &own = {}) const {
    hpr_buffer buffer = {};
    hpr_document_begin(&buffer);
    for (const hpr_stored *it = document.stored; it; it = it->next)
      if (it->error == 0) hpr_document_add(&buffer, it->text.text, it->text.length);
    for (const std::string &text : own) hpr_document_add(&buffer, text.data(), text.size());
    hpr_document_end(&buffer, &document);
    std::string text(buffer.text, buffer.length);
    hpr_buffer_done(&buffer);
    return text;
  }

  hpr_document document = {};
  int result;
};

std::string Entry(int pid) { return R"({"pid":)" + std::to_string(pid) + R"(,"cwd":"/"})"; }

using Pids = std::vector<int32_t>;
using Texts = std::vector<std::string>;

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Document, OfZeroesIsEmptyAndNeedsNoRelease) {
  hpr_document document = {};
  hpr_buffer buffer = {};
  hpr_document_begin(&buffer);
  hpr_document_end(&buffer, &document);
  EXPECT_EQ("{\"entries\":[\n]}\n", std::string(buffer.text, buffer.length));
  hpr_buffer_done(&buffer);
  hpr_document_done(&document);
}

TEST(Document, WithoutEntriesIsSound) {
  for (const char *text : {"{\"entries\":[\n]}\n", "{}", " { \"entries\" : [ ] } "}) {
    Document it(text);
    EXPECT_EQ("HPR_OK", Code(it.result)) << text;
    EXPECT_FALSE(it.document.damaged) << text;
    EXPECT_TRUE(it.Texts().empty()) << text;
  }
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Document, KeepsTheOrderOfItsEntries) {
  Document it("{\"entries\":[" + Entry(9) + "," + Entry(3) + "," + Entry(7) + "]}");
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ((Pids{9, 3, 7}), it.Pids());
}

TEST(Document, KeepsTheSamePidTwice) {
  Document it("{\"entries\":[" + Entry(9) + "," + Entry(9) + "]}");
  EXPECT_EQ((Pids{9, 9}), it.Pids());
}

TEST(Document, WritesOneEntryALine) {
  Document none("");
  EXPECT_EQ("{\"entries\":[\n" + Entry(2) + ",\n" + Entry(3) + "\n]}\n",
            none.Rewritten({Entry(2), Entry(3)}));
}

TEST(Document, IsReadAsItWasWritten) {
  const std::string text = Document("").Rewritten({Entry(2), Entry(3)});
  Document it(text);
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ((Texts{Entry(2), Entry(3)}), it.Texts());
  EXPECT_EQ(text, it.Rewritten());
}

TEST(Document, PutsRefusedEntriesWhereTheOriginalModuleDoesNotLook) {
  const std::string init = R"({"pid":1,"cwd":"/"})";
  Document it("{\"entries\":[null," + Entry(2) + "," + init + "],\"v\":1}");
  const std::string text = it.Rewritten();
  EXPECT_EQ("{\"entries\":[\n" + Entry(2) + "\n],\n\"refused\":[\nnull,\n" + init +
                "\n],\n\"v\":1}\n",
            text);
  Document again(text);
  EXPECT_FALSE(again.document.damaged);
  EXPECT_EQ((Pids{2, 0, 0}), again.Pids());
  EXPECT_EQ(text, again.Rewritten());
}

TEST(Document, ReadsARefusedEntryThatIsNoneToday) {
  Document it("{\"refused\":[" + Entry(2) + ",null],\"entries\":[]}");
  EXPECT_EQ((Pids{2, 0}), it.Pids());
  EXPECT_EQ("{\"entries\":[\n" + Entry(2) + "\n],\n\"refused\":[\nnull\n]}\n", it.Rewritten());
}

TEST(Document, KeepsAMemberOfThatNameThatIsNoList) {
  Document it("{\"entries\":[],\"refused\":{\"a\":1}}");
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ("{\"entries\":[\n],\n\"refused\":{\"a\":1}}\n", it.Rewritten());
  EXPECT_TRUE(Document("{\"refused\":[],\"entries\":[],\"refused\":[]}").document.damaged);
}

TEST(Document, ReadsTheFilesOfTheOriginalModule) {
  Document it("{\n  \"entries\": [\n    {\n      \"pid\": 1234,\n      \"cwd\": \"/w\",\n"
              "      \"spawnedAt\": \"2026-01-31T23:59:59.999Z\"\n    }\n  ]\n}\n");
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ((Pids{1234}), it.Pids());
}

TEST(Document, ReadsAByteOrderMarkAndWritesNone) {
  Document it("\xEF\xBB\xBF{\"entries\":[" + Entry(5) + "]}");
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ((Pids{5}), it.Pids());
  EXPECT_EQ("{\"entries\":[\n" + Entry(5) + "\n]}\n", it.Rewritten());
}

TEST(Document, KeepsUnsoundEntriesToTheLetter) {
  const Texts texts = {"null",
                       "\"text\"",
                       "7",
                       R"({"pid":-1,"cwd":"/"})",
                       "[ 1 , 2 ]",
                       R"({ "pid" : 9007199254740993 , "cwd":"/" })",
                       R"({"pid":7,"pid":8})",
                       R"({"pid":7,"cwd":"a\u0000b"})"};
  std::string inside;
  for (const std::string &text : texts) inside += text + ", ";
  Document it("{\"entries\":[" + inside + Entry(5) + "]}");
  EXPECT_FALSE(it.document.damaged);
  ASSERT_EQ(texts.size() + 1, it.Texts().size());
  EXPECT_EQ((Pids{0, 0, 0, 0, 0, 0, 0, 0, 5}), it.Pids());
  for (size_t i = 0; i < texts.size(); i++) EXPECT_EQ(texts[i], it.Texts()[i]);
  for (const hpr_stored *stored = it.document.stored; stored->next; stored = stored->next)
    EXPECT_EQ("HPR_EINVAL", Code(stored->error));
}

TEST(Document, KeepsUnknownMembersOfTheOutermostObject) {
  Document it("{\"version\":9007199254740993,\"entries\":[" + Entry(5) +
              "],\"note\":{ \"a\" : [1e999] },\"Entries\":[],\"__proto__\":{}}");
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ("{\"entries\":[\n" + Entry(5) +
                "\n],\n\"version\":9007199254740993,\n\"note\":{ \"a\" : [1e999] },\n"
                "\"Entries\":[],\n\"__proto__\":{}}\n",
            it.Rewritten());
}

TEST(Document, KeepsUnknownMembersThroughManyRewritings) {
  std::string now = "{\"a\":\"\\u0000\",\"entries\":[],\"b\":1e999}";
  for (int i = 0; i < 5; i++) now = Document(now).Rewritten();
  EXPECT_EQ("{\"entries\":[\n],\n\"a\":\"\\u0000\",\n\"b\":1e999}\n", now);
}

TEST(Document, DropsOneEntryAndKeepsTheOthers) {
  Document it("{\"entries\":[" + Entry(2) + "," + Entry(3) + "," + Entry(4) + "]}");
  hpr_document_drop(&it.document, it.document.stored->next);
  EXPECT_EQ((Pids{2, 4}), it.Pids());
  hpr_document_drop(&it.document, it.document.stored);
  hpr_document_drop(&it.document, it.document.stored);
  EXPECT_EQ(nullptr, it.document.stored);
}

/* --- failure -------------------------------------------------------------------------------- */

TEST(Document, WithoutAnythingReadableIsDamagedAndEmpty) {
  const std::string nul(4096, '\0');
  for (const std::string &text : {std::string(),
                                  std::string(" \n\t"),
                                  std::string("\0", 1),
                                  nul,
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("7"),
                                  std::string("\"entries\""),
                                  std::string("{\"entries\":{}}"),
                                  std::string("{\"entries\":null}"),
                                  std::string("{\"entries\":7}"),
                                  std::string("{"),
                                  std::string("{\"entries\":["),
                                  std::string("garbage"),
                                  std::string("\xEF\xBB\xBF"),
                                  std::string("\xEF\xBB"),
                                  std::string("\xFF\xFE{\0}\0", 6),
                                  std::string("{} {}"),
                                  std::string("{}x"),
                                  std::string("{\"entries\":[]}\0", 15),
                                  std::string("{\"entries\":[],}"),
                                  std::string("{\"entries\":[,]}"),
                                  std::string("{\"entries\":[]")}) {
    Document it(text);
    EXPECT_EQ("HPR_OK", Code(it.result)) << text;
    EXPECT_TRUE(it.document.damaged) << text;
    EXPECT_TRUE(it.Texts().empty()) << text;
  }
}

TEST(Document, SalvagesWholeEntriesOfATextThatWasCutShort) {
  const std::string text =
      "{\"entries\":[\n" + Entry(2) + ",\n" + Entry(3) + ",\n" + Entry(4) + "\n]}\n";
  const size_t third = text.find(Entry(4));
  for (size_t length = third; length < third + Entry(4).size(); length++) {
    Document it(text.substr(0, length));
    EXPECT_TRUE(it.document.damaged);
    EXPECT_EQ((Pids{2, 3}), it.Pids()) << length;
  }
  EXPECT_EQ((Pids{2, 3, 4}), Document(text.substr(0, third + Entry(4).size())).Pids());
}

TEST(Document, SalvagesEntriesInFrontOfTrailingGarbage) {
  for (const std::string tail : {"x", "}", ",", "{", "\xFF", "<<<<<<< HEAD"}) {
    Document it("{\"entries\":[" + Entry(2) + "]}" + tail);
    EXPECT_TRUE(it.document.damaged) << tail;
    EXPECT_EQ((Pids{2}), it.Pids()) << tail;
  }
}

TEST(Document, SalvagesTheEntriesOfTwoDocuments) {
  const std::string one = "{\"entries\":[" + Entry(2) + "]}\n",
                    two = "{\"entries\":[" + Entry(3) + "," + Entry(4) + "]}\n";
  Document it(one + two);
  EXPECT_TRUE(it.document.damaged);
  EXPECT_EQ((Pids{2, 3, 4}), it.Pids());
}

TEST(Document, SalvagesTheEntriesOfTwoListsWithTheSameName) {
  Document it("{\"entries\":[" + Entry(2) + "],\"entries\":[" + Entry(3) + "]}");
  EXPECT_TRUE(it.document.damaged);
  EXPECT_EQ((Pids{2, 3}), it.Pids());
}

TEST(Document, SalvagesAroundOneBrokenEntry) {
  for (const std::string broken :
       {"{\"pid\":7,\"cwd\":\"\xC0\x80\"}", "{\"pid\":07,\"cwd\":\"/\"}", "{\"pid\":7,,}",
        "{\"pid\"", "\"no end", "{\"pid\":7,\"cwd\":\"a\nb\"}", "{]", "}{", "\\"}) {
    Document it("{\"entries\":[" + Entry(2) + "," + broken + "," + Entry(3) + "]}");
    EXPECT_TRUE(it.document.damaged) << broken;
    EXPECT_EQ((Pids{2, 3}), it.Pids()) << broken;
  }
}

TEST(Document, SalvagesNothingFromTheInsideOfAnEntryOrOfAString) {
  const std::string outer = R"({"pid":2,"cwd":"/","x":{"pid":9,"cwd":"/"}})";
  Document it("{\"entries\":[" + outer + "]}x");
  EXPECT_EQ((Texts{outer}), it.Texts());
  Document quoted(R"({"entries":[{"pid":2,"cwd":"{\"pid\":9,\"cwd\":\"/\"}"}]}x)");
  EXPECT_EQ((Pids{2}), quoted.Pids());
}

TEST(Document, SalvagesNothingThatWouldBeRefused) {
  Document it(
      R"({"entries":[{"pid":1,"cwd":"/"},{"pid":-7,"cwd":"/"},null,{"pid":"7","cwd":"/"}]}x)");
  EXPECT_TRUE(it.document.damaged);
  EXPECT_TRUE(it.Texts().empty());
}

std::string Announcement(const std::string &token, const std::string &owner = R"({"pid":7})") {
  return R"({"spawnToken":")" + token + R"(","owner":)" + owner + "}";
}

TEST(Document, SalvagesTheAnnouncedTokensOfATextThatWasCutShort) {
  Document it("{\"entries\":[" + Entry(2) + "],\"announced\":[" + Announcement("one") + "," +
              Announcement("nobody's", "{}") + ",{\"spawnToken\":\"tw");
  EXPECT_TRUE(it.document.damaged);
  EXPECT_EQ((Pids{2}), it.Pids());
  EXPECT_EQ((Texts{"one"}), it.Tokens());
}

TEST(Document, HasOneListOfAnnouncedTokensWhateverHasItsName) {
  const std::string list = "[" + Announcement("one") + "]";
  for (const std::string other : {"null", "7", "\"x\"", "{}", list.c_str(), "[]"}) {
    Document it("{\"entries\":[" + Entry(2) + "],\"announced\":" + list +
                ",\"announced\":" + other + ",\"later\":1}");
    EXPECT_TRUE(it.document.damaged) << "the text is kept beside";
    EXPECT_EQ((Texts{"one"}), it.Tokens()) << other;
    Document again(it.Rewritten());
    EXPECT_FALSE(again.document.damaged) << other;
    EXPECT_EQ((Pids{2}), again.Pids()) << other;
    EXPECT_NE(std::string::npos, it.Rewritten().find("\"later\":1")) << other;
  }
  Document none("{\"entries\":[],\"announced\":null}");
  EXPECT_TRUE(none.document.damaged);
  EXPECT_EQ(std::string::npos, none.Rewritten().find("announced"));
}

TEST(Document, WritesASalvagedTextSoundAgain) {
  Document it("{\"entries\":[" + Entry(2) + "],\"a\":1}}");
  ASSERT_TRUE(it.document.damaged);
  Document again(it.Rewritten());
  EXPECT_FALSE(again.document.damaged);
  EXPECT_EQ((Pids{2}), again.Pids());
}

TEST(Document, IsNotFooledByAnEscapedNameOfItsList) {
  Document it("{\"entr\\u0069es\":[" + Entry(2) + "]}");
  /* Whatever becomes of it, a reader of what we write must not find the list twice. */
  const std::string text = it.Rewritten({Entry(3)});
  EXPECT_EQ(std::string::npos, text.find("entr\\u0069es")) << text;
}

/* A stack that is used up would crash, and a scan from each bracket would take hours. */
TEST(Document, SurvivesAbsurdNestingQuickly) {
  const clock_t start = clock(); /* of our processor time: others may be at work beside us */
  for (const std::string unit :
       {"[", "{", "{\"a\":", "{\"a\":[", "[{\"a\":\"{", "{\"{\":\"", "{\"},\":\":"}) {
    std::string text = "{\"entries\":[";
    for (int i = 0; i < 1000000; i++) text += unit;
    Document it(text);
    EXPECT_EQ("HPR_OK", Code(it.result));
    EXPECT_TRUE(it.document.damaged);
    EXPECT_TRUE(it.Texts().empty());
  }
  EXPECT_LT(clock() - start, 300 * CLOCKS_PER_SEC);
}

TEST(Document, HoldsTensOfThousandsOfEntries) {
  Texts texts;
  for (int pid = 2; pid < 30002; pid++) texts.push_back(Entry(pid));
  Document it(Document("").Rewritten(texts));
  EXPECT_FALSE(it.document.damaged);
  EXPECT_EQ(texts, it.Texts());
}

/* Every changed byte of a good text: no crash, and a sound text when it is written again. */
TEST(Document, SurvivesEveryChangedByte) {
  const std::string good =
      Document("{\"entries\":[],\"v\":[1,{}]}").Rewritten({Entry(2), Entry(30)});
  for (size_t at = 0; at < good.size(); at++) {
    for (int byte = 0; byte < 256; byte++) {
      std::string changed = good;
      changed[at] = static_cast<char>(byte);
      Document it(changed);
      ASSERT_EQ("HPR_OK", Code(it.result)) << changed;
      Document again(it.Rewritten());
      ASSERT_FALSE(again.document.damaged) << changed;
      Texts before = it.Texts(), after = again.Texts();
      std::sort(before.begin(), before.end()); /* refused ones have moved to the end */
      std::sort(after.begin(), after.end());
      ASSERT_EQ(before, after) << changed;
    }
  }
}

} // namespace
