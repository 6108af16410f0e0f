#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/native.h"

namespace {

hpr_cursor CursorOf(const std::string &text) {
  hpr_cursor cursor = {};
  cursor.at = text.data();
  cursor.end = text.data() + text.size();
  return cursor;
}

/* One value and nothing else, as a document must be. */
bool IsJson(const std::string &text) {
  /* On the heap and to the byte, so that AddressSanitizer sees a read beyond the end. */
  const std::vector<char> exact(text.begin(), text.end());
  hpr_cursor cursor = {};
  cursor.at = exact.data();
  cursor.end = exact.data() + exact.size();
  hpr_span value;
  return hpr_scan_value(&cursor, &value) && hpr_scan_at_end(cursor);
}

bool IsUnspeakable(const std::string &text) {
  hpr_cursor cursor = CursorOf(text);
  hpr_span value;
  EXPECT_TRUE(hpr_scan_value(&cursor, &value)) << text;
  return cursor.unspeakable;
}

std::string Nested(size_t depth, const std::string &open, const std::string &close) {
  std::string text;
  for (size_t i = 0; i < depth; i++) text += open;
  for (size_t i = 0; i < depth; i++) text += close;
  return text;
}

std::string Quoted(const std::string &inside) { return "\"" + inside + "\""; }

TEST(Scan, RefusesEmptyText) {
  for (const char *text : {"", " ", "\n\t\r "}) EXPECT_FALSE(IsJson(text)) << '[' << text << ']';
}

TEST(Scan, TakesEveryKindOfValue) {
  for (const char *text :
       {"null", "true", "false", "\"\"", "\"text\"", "{}", "[]", "{ }", "[\n]", "[1,2]",
        "[ 1 , 2 ]", "{\"a\":1}", "{ \"a\" : 1 , \"b\" : [ { } ] }", " null ", "\t\r\n1\t\r\n",
        "{\"\":\"\"}", "[[],[[]]]", "[null,true,false,\"x\",{}]"})
    EXPECT_TRUE(IsJson(text)) << text;
}

TEST(Scan, TakesEveryFormOfNumber) {
  for (const char *text : {"0", "-0", "1", "-1", "10", "1234567890", "0.5", "-0.5", "1.25", "1e5",
                           "1E5", "1e+5", "1e-5", "0e0", "0.0e-0", "1.5E+10", "1e999",
                           "9007199254740993", "123456789012345678901234567890"})
    EXPECT_TRUE(IsJson(text)) << text;
}

TEST(Scan, RefusesWhatIsNoNumber) {
  for (const char *text :
       {"0123", "-0123", "00",       "5.",        "-5.",  ".5",   "-.5",        "+1",
        "-",    "1e",    "1e+",      "1E-",       "1.e5", "1..2", "1.2.3",      "1e5.5",
        "0x10", "1_000", "Infinity", "-Infinity", "NaN",  "- 1",  "1 2",        "--1",
        "0e",   "1f",    "e5",       "[0123]",    "[5.]", "[1e]", "{\"a\":01}", "\xD9\xA1"})
    EXPECT_FALSE(IsJson(text)) << text;
}

TEST(Scan, RefusesWhatIsNoWord) {
  for (const char *text : {"nul", "nulll", "Null", "NULL", "tru", "truee", "True", "fals", "falsee",
                           "undefined", "n", "t", "f", "nullnull", "true false"})
    EXPECT_FALSE(IsJson(text)) << text;
}

TEST(Scan, RefusesBrokenContainers) {
  for (const char *text : {"{",
                           "}",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,]",
                           "[,1]",
                           "[1,,2]",
                           "[1 2]",
                           "[1:2]",
                           "{1}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\":1,,\"b\":2}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\",1}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\"::1}",
                           "{null:1}",
                           "[}",
                           "{]",
                           "[1}",
                           "{\"a\":1]",
                           "{\"a\":1}}",
                           "[1]]",
                           "[/* no */]",
                           "[1]//no",
                           "[1]#",
                           "{\"a\" 1}"})
    EXPECT_FALSE(IsJson(text)) << text;
}

TEST(Scan, RefusesTrailingGarbage) {
  for (const char *text : {"{}x", "{} {}", "{}{}", "[][]", "null,", "1,2", "\"a\"\"b\"", "{},"})
    EXPECT_FALSE(IsJson(text)) << text;
  EXPECT_FALSE(IsJson(std::string("{}\0", 3)));
  EXPECT_FALSE(IsJson("\xEF\xBB\xBF{}")) << "a byte order mark is the document's to skip";
}

TEST(Scan, TakesOnlyTheFourSpacesOfJson) {
  for (const std::string space : {"\v", "\f", "\xC2\xA0", "\xE2\x80\xA8", "\xEF\xBB\xBF"})
    EXPECT_FALSE(IsJson("[" + space + "]")) << space;
  EXPECT_FALSE(IsJson(std::string("[\0]", 3)));
}

TEST(Scan, TakesEveryEscape) {
  for (const char *inside :
       {R"(\")", R"(\\)", R"(\/)", R"(\b)", R"(\f)", R"(\n)", R"(\r)", R"(\t)", R"(\u0041)",
        R"(\uabcd)", R"(\uABCD)", R"(\uFFFF)", R"(\ud83d\ude00)", R"(\u0000)", R"(\\\"\\)"})
    EXPECT_TRUE(IsJson(Quoted(inside))) << inside;
}

TEST(Scan, RefusesBrokenEscapes) {
  for (const char *inside : {R"(\)", R"(\x41)", R"(\a)", R"(\')", R"(\0)", R"(\u)", R"(\u1)",
                             R"(\u12)", R"(\u123)", R"(\u123g)", R"(\U0041)", R"(\u 041)",
                             R"(\u-041)", R"(\ud83d\u12)", R"(\ud83d\)", R"(\N)", R"(\ )"})
    EXPECT_FALSE(IsJson(Quoted(inside))) << inside;
  EXPECT_FALSE(IsJson(Quoted(std::string("\\\0", 2))));
  EXPECT_FALSE(IsJson("\"\\u12")) << "the text ends inside an escape";
  EXPECT_FALSE(IsJson("\"\\"));
  EXPECT_FALSE(IsJson("\"\\ud83d\\"));
}

TEST(Scan, RefusesStringsThatDoNotEnd) {
  for (const char *text : {"\"", "\"a", "[\"a]", "{\"a:1}", "'a'", "\"a\\\""})
    EXPECT_FALSE(IsJson(text)) << text;
}

TEST(Scan, RefusesEveryRawControlCharacter) {
  for (char byte = 0; byte < 0x20; byte++)
    EXPECT_FALSE(IsJson(Quoted(std::string(1, byte)))) << int(byte);
  EXPECT_TRUE(IsJson(Quoted("\x7f"))) << "RFC 8259 allows DEL";
  EXPECT_FALSE(IsJson("{\"a\nb\":1}")) << "in a key as well";
}

TEST(Scan, TakesEveryLengthOfUtf8) {
  for (const char *inside : {"\xC2\x80", "\xDF\xBF", /* 2 bytes: first, last */
                             "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", /* 3 */
                             "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xF1\x80\x80\x80",     /* 4 */
                             "\xE4\xB8\xAD\xE6\x96\x87", "\xF0\x9F\x98\x80"})
    EXPECT_TRUE(IsJson(Quoted(inside))) << inside;
}

TEST(Scan, RefusesInvalidUtf8) {
  const struct {
    const char *bytes, *why;
  } rows[] = {
      {"\x80", "a continuation alone"},
      {"\xBF", "a continuation alone"},
      {"\xC0\x80", "NUL in two bytes"},
      {"\xC1\xBF", "ASCII in two bytes"},
      {"\xC2", "cut short"},
      {"\xC2x", "no continuation"},
      {"\xC2\xC2\x80", "a lead for a continuation"},
      {"\xE0\x80\x80", "two bytes' worth in three"},
      {"\xE0\x9F\xBF", "two bytes' worth in three"},
      {"\xE1\x80", "cut short"},
      {"\xE1\x80x", "no continuation"},
      {"\xED\xA0\x80", "the first high surrogate"},
      {"\xED\xAF\xBF", "the last high surrogate"},
      {"\xED\xB0\x80", "the first low surrogate"},
      {"\xED\xBF\xBF", "the last low surrogate"},
      {"\xED\xA0\xBD\xED\xB8\x80", "CESU-8"},
      {"\xF0\x80\x80\x80", "overlong"},
      {"\xF0\x8F\xBF\xBF", "three bytes' worth in four"},
      {"\xF0\x90\x80", "cut short"},
      {"\xF4\x90\x80\x80", "beyond U+10FFFF"},
      {"\xF5\x80\x80\x80", "no such lead"},
      {"\xF8\x88\x80\x80\x80", "five bytes"},
      {"\xFC\x84\x80\x80\x80\x80", "six bytes"},
      {"\xFE", "no such byte"},
      {"\xFF", "no such byte"},
      {"caf\xE9", "Latin-1"},
  };
  for (const auto &row : rows) {
    EXPECT_FALSE(IsJson(Quoted(row.bytes))) << row.why;
    EXPECT_FALSE(IsJson("{" + Quoted(row.bytes) + ":1}")) << row.why << ", in a key";
    EXPECT_FALSE(IsJson("\"" + std::string(row.bytes))) << row.why << ", at the text's end";
  }
}

TEST(Scan, TakesNestingToTheLimitAndNotBeyond) {
  EXPECT_TRUE(IsJson(Nested(HPR_SCAN_DEPTH, "[", "]")));
  EXPECT_FALSE(IsJson(Nested(HPR_SCAN_DEPTH + 1, "[", "]")));
  EXPECT_TRUE(IsJson(Nested(HPR_SCAN_DEPTH - 1, "{\"a\":", "").append("{}") +
                     std::string(HPR_SCAN_DEPTH - 1, '}')));
  EXPECT_FALSE(IsJson(Nested(HPR_SCAN_DEPTH, "{\"a\":", "").append("{}") +
                      std::string(HPR_SCAN_DEPTH, '}')));
}

TEST(Scan, StopsEarlyInAbsurdNesting) {
  EXPECT_FALSE(IsJson(Nested(1000000, "[", "]")));
  EXPECT_FALSE(IsJson(Nested(1000000, "{\"a\":", "}")));
}

TEST(Scan, TellsWhatACStringCannotHold) {
  for (const char *inside :
       {R"(\u0000)", R"(a\u0000b)", R"(\ud800)", R"(\udbffx)", R"(\udc00)", R"(\udfff)",
        R"(\ud800\ud800)", R"(\ud800A)", R"(\ude00\ud83d)", R"(\ud83d\n)", R"(\ud83d\u0000)"})
    EXPECT_TRUE(IsUnspeakable(Quoted(inside))) << inside;
  EXPECT_TRUE(IsUnspeakable(R"({"pid\u0000x":1})")) << "in a key";
  EXPECT_TRUE(IsUnspeakable(R"([[{"a":"\u0000"}],1])")) << "deep inside";
}

TEST(Scan, SaysNothingAboutWhatACStringCanHold) {
  for (const char *inside : {"", "a", R"(\ud83d\ude00)", R"(\u0001)", R"(\\u0000)", R"(\ud7ff)",
                             R"(\ue000)", "\xF0\x9F\x98\x80"})
    EXPECT_FALSE(IsUnspeakable(Quoted(inside))) << inside;
}

TEST(Scan, TellsNumbersThatCJsonWouldCut) {
  const std::string longest(HPR_SCAN_NUMBER_LENGTH, '7');
  EXPECT_FALSE(IsUnspeakable(longest));
  EXPECT_TRUE(IsUnspeakable(longest + "7"));
  EXPECT_TRUE(IsUnspeakable("{\"x\":[0." + longest + "]}"));
}

TEST(Scan, GivesTheValueWithoutTheSpaceAroundIt) {
  const std::string text = " \n{\"a\" : [1, 2]}\t ,";
  hpr_cursor cursor = CursorOf(text);
  hpr_span value;
  ASSERT_TRUE(hpr_scan_value(&cursor, &value));
  EXPECT_EQ("{\"a\" : [1, 2]}", std::string(value.text, value.length));
  EXPECT_EQ(',', *cursor.at);
}

TEST(Scan, WalksAnObjectItemByItem) {
  const std::string text = "{ \"a\" : 1 , \"b\":[2,{}] } ";
  hpr_cursor cursor = CursorOf(text);
  ASSERT_TRUE(hpr_scan_open(&cursor, '{'));
  std::vector<std::string> items;
  bool first = true, failed = true;
  while (hpr_scan_more(&cursor, '}', &first, &failed)) {
    hpr_span key, value;
    ASSERT_TRUE(hpr_scan_key(&cursor, &key));
    ASSERT_TRUE(hpr_scan_value(&cursor, &value));
    items.push_back(std::string(key.text, key.length) + "=" +
                    std::string(value.text, value.length));
  }
  EXPECT_FALSE(failed);
  EXPECT_EQ((std::vector<std::string>{"\"a\"=1", "\"b\"=[2,{}]"}), items);
  EXPECT_TRUE(hpr_scan_at_end(cursor));
}

TEST(Scan, TellsAMissingCommaFromTheEnd) {
  const std::string text = "[1 2]";
  hpr_cursor cursor = CursorOf(text);
  hpr_span value;
  bool first = true, failed = false;
  ASSERT_TRUE(hpr_scan_open(&cursor, '['));
  ASSERT_TRUE(hpr_scan_more(&cursor, ']', &first, &failed));
  ASSERT_TRUE(hpr_scan_value(&cursor, &value));
  EXPECT_FALSE(hpr_scan_more(&cursor, ']', &first, &failed));
  EXPECT_TRUE(failed);
}

/* Every prefix and every changed byte of a good text: no crash, and no read beyond its end. */
TEST(Scan, SurvivesEveryCutAndEveryChangedByte) {
  const std::string good =
      R"({"entries":[{"pid":1234,"cwd":"/tmp/\u00e9\ud83d\ude00","x":[-1.5e+3,null,true]}],"v":0})";
  ASSERT_TRUE(IsJson(good));
  for (size_t length = 0; length < good.size(); length++)
    EXPECT_FALSE(IsJson(good.substr(0, length))) << length;
  for (size_t at = 0; at < good.size(); at++) {
    for (int byte = 0; byte < 256; byte++) {
      std::string changed = good;
      changed[at] = static_cast<char>(byte);
      hpr_cursor cursor = CursorOf(changed);
      hpr_span value = {};
      if (!hpr_scan_value(&cursor, &value)) continue;
      EXPECT_LE(value.text + value.length, changed.data() + changed.size());
    }
  }
}

} // namespace
