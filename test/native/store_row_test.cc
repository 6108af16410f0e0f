#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <utility>
#include <vector>

#include "support/native.h"

extern "C" {
#include "base/shared.h"
}

namespace {

/* A row that is released with the test. */
class Row {
public:
  Row() = default;
  ~Row() { hpr_row_done(&row_); }
  Row(const Row &) = delete;
  Row &operator=(const Row &) = delete;

  int Read(const std::string &text) {
    hpr_row_done(&row_);
    return hpr_row_read(hpr_span{text.data(), text.size()}, &row_);
  }

  std::string Written() const {
    hpr_buffer text = {};
    hpr_row_write(&row_, &text);
    EXPECT_FALSE(text.failed);
    std::string copy(text.text, text.length);
    hpr_buffer_done(&text);
    return copy;
  }

  hpr_row *operator->() { return &row_; }
  const hpr_row *get() const { return &row_; }
  const hpr_row_rest &more() const { return *hpr_row_more(&row_); }
  const hpr_owner_name &owner() const { return *hpr_row_owner(&row_); }

private:
  hpr_row row_ = {};
};

std::string WithMember(const std::string &member) {
  return R"({"pid":1234,"cwd":"/w",)" + member + "}";
}

int ReadCode(const std::string &text) {
  Row row;
  return row.Read(text);
}

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Row, OfZeroesNeedsNoRelease) {
  hpr_row row = {};
  hpr_row_done(&row);
  EXPECT_EQ(nullptr, row.cwd);
}

TEST(Row, OfTheOriginalModuleHasNoIdentityAndNoOwner) {
  Row row;
  ASSERT_EQ("HPR_OK",
            Code(row.Read(R"({"pid":1234,"cwd":"/w","spawnedAt":"2026-01-31T23:59:59.999Z"})")));
  EXPECT_EQ(1234, row->main.pid);
  EXPECT_EQ("NONE", Record(row->main.state));
  EXPECT_FALSE(row->main.kin);
  EXPECT_EQ("", BootOf(row->main));
  EXPECT_EQ("", BirthOf(row->main));
  EXPECT_EQ(0, row.more().pi.pid);
  EXPECT_EQ(0, row.more().keeper.pid);
  EXPECT_STREQ("/w", row->cwd);
  EXPECT_EQ(nullptr, row->token);
  EXPECT_EQ(nullptr, row.more().socket_path);
  EXPECT_EQ(1769903999999, row->spawned_ms);
  EXPECT_FALSE(row->terminating);
  EXPECT_EQ(0, row.owner().identity.pid);
  EXPECT_STREQ("", row.owner().id);
  EXPECT_EQ(nullptr, row.more().unknown);
}

/* --- success -------------------------------------------------------------------------------- */

#define BOOT "0b007000-0000-4000-8000-000000000001"

const char *const kFull =
    R"({"pid":1234,"cwd":"/w","spawnedAt":"2026-01-31T23:59:59.999Z","spawnToken":"tok",)"
    R"("piPid":1235,"keeperPid":1236,"keeperSockPath":"/s.sock","terminating":true,)"
    R"("identity":{"boot":")" BOOT R"(","birth":"4.5.fe-0000000000000006"},)"
    R"("piIdentity":{"boot":")" BOOT R"(","birth":"4.6.fe-0000000000000007","kin":false},)"
    R"("keeperIdentity":{"boot":")" BOOT R"(","nobody":true},)"
    R"("owner":{"pid":99,"boot":")" BOOT
    R"(","birth":"4.1.fe-0000000000000002","id":"0123456789abcdef"}})";

TEST(Row, OfAnOwnerThatIsProvedByAnotherFileSaysSo) {
  Row one, other;
  ASSERT_EQ(0, one.Read(kFull));
  ASSERT_EQ(0, other.Read(kFull));
  const std::string alone = one.Written();
  hpr_row_set_owner(other.operator->(), one->owner);
  EXPECT_EQ(alone, one.Written()) << "whoever else has that owner";
  EXPECT_EQ(alone, other.Written());
  hpr_owner_name_prove(one->owner, "fedcba9876543210", "");
  EXPECT_EQ(alone.substr(0, alone.size() - 2) + R"(,"file":"fedcba9876543210"}})", other.Written());
}

TEST(Row, ReadsEveryMember) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(kFull)));
  EXPECT_EQ("KNOWN", Record(row->main.state));
  EXPECT_TRUE(row->main.kin);
  EXPECT_EQ(BOOT, BootOf(row->main));
  EXPECT_EQ("4.0.5.fe-0000000000000006", BirthOf(row->main));
  EXPECT_EQ(1235, row.more().pi.pid);
  EXPECT_EQ("KNOWN", Record(row.more().pi.state));
  EXPECT_FALSE(row.more().pi.kin);
  EXPECT_EQ(1236, row.more().keeper.pid);
  EXPECT_EQ("NOBODY", Record(row.more().keeper.state));
  EXPECT_STREQ("tok", row->token);
  EXPECT_STREQ("/s.sock", row.more().socket_path);
  EXPECT_TRUE(row->terminating);
  EXPECT_EQ(99, row.owner().identity.pid);
  EXPECT_EQ("4.0.1.fe-0000000000000002", BirthOf(row.owner().identity));
  EXPECT_STREQ("0123456789abcdef", row.owner().id);
}

TEST(Row, OfAnEntryWithoutAKeeperNamesItsAgent) {
  Row row;
  const std::string text =
      R"({"pid":1234,"cwd":"/w","agentPid":1235,)"
      R"("identity":{"boot":")" BOOT R"(","birth":"4.5.fe-0000000000000006"},)"
      R"("agentIdentity":{"boot":")" BOOT
      R"(","birth":"4.6.fe-0000000000000007","members":[{"pid":9,"birth":"4.7.fe-0000000000000008"}]}})";
  ASSERT_EQ("HPR_OK", Code(row.Read(text)));
  EXPECT_EQ(1235, row.more().pi.pid);
  EXPECT_EQ("KNOWN", Record(row.more().pi.state));
  ASSERT_NE(nullptr, row.more().members[HPR_PART_AGENT]);
  EXPECT_EQ(9, row.more().members[HPR_PART_AGENT]->list[0].pid);
  EXPECT_EQ(text, row.Written());
}

TEST(Row, IsWrittenAsItWasRead) {
  for (const std::string &text : {
           std::string(kFull),
           std::string(R"({"pid":2,"cwd":""})"),
           std::string(R"({"pid":2147483647,"cwd":"/","spawnedAt":"2001-09-09T01:46:40.000Z"})"),
           std::string(R"({"pid":7,"cwd":"/","spawnedAt":"9999-12-31T23:59:59.999Z"})"),
           std::string(R"({"pid":7,"cwd":"/","identity":)"
                       R"({"boot":")" BOOT R"(","kin":false}})"),
           std::string(R"({"pid":7,"cwd":"/","identity":{"kin":false}})"),
           std::string(R"({"pid":7,"cwd":"/","identity":{"nobody":true}})"),
           std::string(R"({"pid":7,"cwd":"/","owner":{"pid":8,"id":""}})"),
           std::string(R"({"pid":7,"cwd":"/","keeperPid":7,"keeperSockPath":"relative"})"),
           std::string(R"({"pid":7,"cwd":"/","goalId":"g","fields":{"pid":8, "a":[1e400,""]}})"),
       }) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(text))) << text;
    EXPECT_EQ(text, row.Written());
  }
}

TEST(Row, TakesOnlyAStringForAGoalAndOnlyAnObjectForFields) {
  for (const std::string &text : {
           std::string(R"({"pid":7,"cwd":"/","goalId":5,"fields":"text"})"),
           std::string(R"({"pid":7,"cwd":"/","goalId":{},"fields":[{}]})"),
           std::string(R"({"pid":7,"cwd":"/","goalId":null,"fields":null})"),
       }) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(text))) << text;
    EXPECT_EQ(nullptr, row.more().goal);
    EXPECT_EQ(nullptr, row.more().fields);
    EXPECT_EQ(text, row.Written());
  }
}

std::string Nested(int levels) {
  return levels > 1 ? "{\"next\":" + Nested(levels - 1) + "}" : "{}";
}

TEST(Row, TakesTheFieldsThatItsReaderWouldTake) {
  for (const std::string &fields :
       {std::string("{}"), std::string(R"({"pid":1,"cwd":[null],"__proto__":{"a":"\u00e9"}})"),
        Nested(HPR_SCAN_DEPTH - 1)}) {
    Row row, back;
    ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"/"})")));
    ASSERT_EQ("HPR_OK", Code(hpr_row_set_fields(row.operator->(), fields.c_str()))) << fields;
    ASSERT_EQ("HPR_OK", Code(back.Read(row.Written())));
    EXPECT_EQ(fields, back.more().fields);
    EXPECT_EQ(7, back->main.pid);
  }
}

TEST(Row, RefusesFieldsThatWouldDamageItAndStaysAsItWas) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"/","fields":{"a":1}})")));
  for (const std::string &fields :
       {std::string(), std::string("[]"), std::string("null"), std::string("5"), std::string("{"),
        std::string(R"({"a":1,"a":2})"), std::string(R"({},"pid":8)"), std::string(R"({},"x":8)"),
        std::string(R"({"a":"\u0000"})"), std::string(R"({"a":"\ud800"})"),
        std::string("{\"a\":\"\xff\"}"), Nested(HPR_SCAN_DEPTH)}) {
    EXPECT_EQ("HPR_EINVAL", Code(hpr_row_set_fields(row.operator->(), fields.c_str()))) << fields;
    EXPECT_STREQ(R"({"a":1})", row.more().fields);
  }
}

TEST(Row, KeepsEveryCharacterOfItsStrings) {
  const std::string strange =
      "/tmp/\xC3\xA9 \xF0\x9F\x98\x80 \" \\ \x01\x1f\n\t\x7f </script> \xE2\x80\xA8";
  Row row, back;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"","spawnToken":"x"})")));
  hpr_shared_drop(row->cwd);
  free(row->token);
  row->cwd = hpr_shared_new(strange.c_str());
  row->token = strdup(strange.c_str());
  ASSERT_EQ("HPR_OK", Code(back.Read(row.Written())));
  EXPECT_EQ(strange, back->cwd);
  EXPECT_EQ(strange, back->token);
}

TEST(Row, ReadsEscapedStrings) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"\u002ftmp\/\u00e9\ud83d\ude00\n"})")));
  EXPECT_STREQ("/tmp/\xC3\xA9\xF0\x9F\x98\x80\n", row->cwd);
}

TEST(Row, ReadsKeysThatAreWrittenWithEscapes) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"\u0070id":7,"cwd":"/"})")));
  EXPECT_EQ(7, row->main.pid);
}

TEST(Row, HoldsStringsOfAMegabyte) {
  const std::string longest(1 << 20, 'x');
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":")" + longest + R"(","spawnToken":")" +
                                    longest + "\"}")));
  EXPECT_EQ(longest, row->cwd);
  EXPECT_EQ(longest, row->token);
}

TEST(Row, TakesAPidInAnyFormOfAnInteger) {
  const std::vector<std::pair<std::string, int32_t>> rows = {
      {"2", 2},         {"1234", 1234},    {"2147483647", 2147483647}, {"1e3", 1000},
      {"1234.0", 1234}, {"12.34e2", 1234}, {"4194304", 4194304},
  };
  for (const auto &[text, pid] : rows) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(R"({"cwd":"/","pid":)" + text + "}"))) << text;
    EXPECT_EQ(pid, row->main.pid);
  }
}

TEST(Row, GivesAKeeperThatIsTheProcessItselfTheSameIdentity) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"/","keeperPid":7,)"
                                    R"("identity":{"boot":"b","birth":"1.2"}})")));
  EXPECT_EQ("KNOWN", Record(row.more().keeper.state));
  EXPECT_EQ("1.0.2", BirthOf(row.more().keeper));
  EXPECT_TRUE(row.more().keeper.kin);
}

TEST(Row, CountsEmptyStringsAsAbsent) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(WithMember(R"("spawnToken":"","keeperSockPath":"")"))));
  EXPECT_EQ(nullptr, row->token);
  EXPECT_EQ(nullptr, row.more().socket_path);
}

TEST(Row, IsKeptWithoutATimeThatItCannotHave) {
  for (const char *value :
       {"\"garbage\"", "\"\"", "0", "1700000000", "1700000000000", "null", "true", "{}", "[]",
        "\"1970-01-01T00:00:00.000Z\"", "\"1970-01-20T16:13:20.000Z\"",
        "\"2001-09-09T01:46:39.999Z\"", "\"2024-02-30T00:00:00.000Z\"", "-1", "1e999"}) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(WithMember("\"spawnedAt\":" + std::string(value))))) << value;
    EXPECT_EQ(HPR_SPAWNED_UNKNOWN, row->spawned_ms) << value;
  }
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"pid":7,"cwd":"/"})")));
  EXPECT_EQ(HPR_SPAWNED_UNKNOWN, row->spawned_ms);
}

TEST(Row, KeepsUnknownMembersToTheLetter) {
  for (const char *member :
       {R"("x":9007199254740993)", R"("x":1e999)", R"("x":-0)", R"("x":1.10)", R"("x":null)",
        R"("x":[ 1 , 2 ])", R"("x":{"y":{"z":[true,false,null]}})", R"("__proto__":{"pid":1})",
        R"("constructor":"x")", R"("PID":1)", R"("Pid":"x")", R"("pid ":3)", R"("":4)",
        R"("entries":[{"pid":5}])", R"("x":"\u00e9\/")", R"("x":"é😀")",
        R"("x":123456789012345678901234567890)", R"("toString":1e-999)",
        R"("a":1,"b":2,"c":{"a":1})"}) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(WithMember(member)))) << member;
    EXPECT_EQ(1234, row->main.pid) << member;
    EXPECT_EQ(WithMember(member), row.Written());
  }
}

TEST(Row, KeepsUnknownMembersInTheirOrderBehindTheKnown) {
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(R"({"z":1,"pid":7,"a":2,"cwd":"/","m":3})")));
  EXPECT_EQ(R"({"pid":7,"cwd":"/","z":1,"a":2,"m":3})", row.Written());
}

TEST(Row, KeepsUnknownMembersThroughManyRewritings) {
  const std::string text = WithMember(R"("x":9007199254740993,"y":{"a":[1e999]})");
  std::string now = text;
  for (int i = 0; i < 10; i++) {
    Row row;
    ASSERT_EQ("HPR_OK", Code(row.Read(now)));
    now = row.Written();
  }
  EXPECT_EQ(text, now);
}

/* --- failure -------------------------------------------------------------------------------- */

TEST(Row, RefusesWhatIsNoObject) {
  for (const char *text : {"null", "\"text\"", "1234", "[]", "true", "[{\"pid\":7}]"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, RefusesWhatIsNoStrictJson) {
  for (const char *text :
       {"", "{", "\xEF\xBB\xBF{\"pid\":7,\"cwd\":\"/\"}", "{\"pid\":7,\"cwd\":\"/\"",
        "{\"pid\":07,\"cwd\":\"/\"}", "{\"pid\":7.,\"cwd\":\"/\"}", "{\"pid\":+7,\"cwd\":\"/\"}",
        "{\"pid\":7,\"cwd\":\"/\",}", "{\"pid\":7,\"cwd\":\"\xC0\x80\"}",
        "{\"pid\":7,\"cwd\":\"a\nb\"}", "{\"pid\":7,\"cwd\":\"\xED\xA0\x80\"}"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, RefusesEveryBadPid) {
  for (const std::string pid : {"0",
                                "1",
                                "-1",
                                "-1234",
                                "1.5",
                                "\"1234\"",
                                "\"\"",
                                "true",
                                "false",
                                "[7]",
                                "{}",
                                "{\"pid\":7}",
                                "null",
                                "2147483648",
                                "4294968530",
                                "9007199254740993",
                                "1e999",
                                "-1e999",
                                "-0",
                                "1e-999",
                                "2147483647.5",
                                "1234.5",
                                "2.0000001",
                                "1234e-1",
                                "-2147483648",
                                "18446744073709551617",
                                "1.9999999"}) {
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(R"({"cwd":"/","pid":)" + pid + "}"))) << pid;
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember("\"piPid\":" + pid)))) << pid;
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember("\"keeperPid\":" + pid)))) << pid;
    /* A server may be process 1 of its container. */
    const std::string owner = "\"owner\":{\"id\":\"a\",\"pid\":" + pid + "}";
    EXPECT_EQ(pid == "1" ? "HPR_OK" : "HPR_EINVAL", Code(ReadCode(WithMember(owner)))) << pid;
  }
}

TEST(Row, RefusesAMissingPid) {
  for (const char *text :
       {R"({"cwd":"/"})", R"({})", R"({"cwd":"/","piPid":7})", R"({"PID":7,"cwd":"/"})",
        R"({"Pid":7,"pId":8,"cwd":"/"})", R"({"cwd":"/","owner":{"id":"a"},"x":{"pid":7}})"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, RefusesAMissingFolder) {
  for (const char *text : {R"({"pid":7})", R"({"pid":7,"cwd":null})", R"({"pid":7,"cwd":7})",
                           R"({"pid":7,"cwd":["/"]})", R"({"pid":7,"CWD":"/"})"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, RefusesMembersOfTheWrongType) {
  for (const char *member : {R"("spawnToken":7)",
                             R"("spawnToken":null)",
                             R"("spawnToken":["x"])",
                             R"("keeperSockPath":7)",
                             R"("keeperSockPath":{})",
                             R"("terminating":1)",
                             R"("terminating":"true")",
                             R"("terminating":null)",
                             R"("identity":"x")",
                             R"("identity":[])",
                             R"("identity":null)",
                             R"("identity":{"boot":7})",
                             R"("identity":{"birth":7})",
                             R"("identity":{"kin":1})",
                             R"("identity":{"nobody":1})",
                             R"("piPid":7,"piIdentity":7)",
                             R"("keeperPid":8,"keeperIdentity":"x")",
                             R"("owner":7)",
                             R"("owner":"x")",
                             R"("owner":[])",
                             R"("owner":{})",
                             R"("owner":null)",
                             R"("owner":{"pid":8,"id":7})",
                             R"("owner":{"pid":8,"boot":7})"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember(member)))) << member;
}

/* Version 0.1 takes a process for itself by the boot's bare id, and a birth without a clock. */
TEST(Row, IsWrittenSoThatVersion01FindsItsProcess) {
  const std::string text = R"({"pid":7,"cwd":"/","identity":{"boot":")" BOOT
                           R"(","birth":"4.5.fe-0000000000000006","clock":"9+1700"}})";
  Row row;
  ASSERT_EQ("HPR_OK", Code(row.Read(text)));
  EXPECT_EQ(BOOT "+1700", BootOf(row->main));
  EXPECT_EQ("4.9.5.fe-0000000000000006", BirthOf(row->main));
  EXPECT_EQ(text, row.Written());
}

TEST(Row, RefusesTextsThatAreTooLongForTheirPlace) {
  const std::string longest(HPR_BOOT_SIZE - 1, 'b'), over = longest + "b";
  EXPECT_EQ("HPR_OK", Code(ReadCode(WithMember(R"("identity":{"boot":")" + longest + "\"}"))));
  EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember(R"("identity":{"boot":")" + over + "\"}"))));
  EXPECT_EQ("HPR_OK", Code(ReadCode(WithMember(R"("identity":{"birth":")" + longest + "\"}"))));
  EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember(R"("identity":{"birth":")" + over + "\"}"))));
  EXPECT_EQ("HPR_OK", Code(ReadCode(WithMember(R"("owner":{"pid":8,"id":"0123456789abcdef"})"))));
  EXPECT_EQ("HPR_EINVAL",
            Code(ReadCode(WithMember(R"("owner":{"pid":8,"id":"0123456789abcdef0"})"))));
}

TEST(Row, RefusesAKeyThatStandsTwiceOnAnyLevel) {
  for (const char *text :
       {R"({"pid":7,"pid":8,"cwd":"/"})", R"({"pid":7,"pid":7,"cwd":"/"})",
        R"({"pid":7,"cwd":"/","cwd":"/"})", R"({"pid":7,"p\u0069d":8,"cwd":"/"})",
        R"({"pid":7,"cwd":"/","x":1,"x":1})", R"({"pid":7,"cwd":"/","x":{"a":1,"b":2,"a":3}})",
        R"({"pid":7,"cwd":"/","x":[[{"a":1,"\u0061":3}]]})",
        R"({"pid":7,"cwd":"/","identity":{"boot":"b","boot":"c","birth":"1.2"}})",
        R"({"pid":7,"cwd":"/","owner":{"pid":8,"pid":9,"id":"a"}})",
        R"({"pid":7,"cwd":"/","":1,"":2})", R"({"pid":7,"cwd":"/","/":1,"\/":2})"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, TakesTheSameKeyInDifferentObjects) {
  EXPECT_EQ("HPR_OK",
            Code(ReadCode(WithMember(R"("x":{"pid":1,"cwd":{"pid":1}},"y":[{"a":1},{"a":1}])"))));
}

TEST(Row, RefusesWhatACStringCannotHold) {
  for (const char *text :
       {R"({"pid":7,"cwd":"/a\u0000b"})", R"({"pid":7,"cwd":"/\ud800"})",
        R"({"pid":7,"cwd":"/\udc00"})", R"({"pid":7,"cwd":"/","spawnToken":"\u0000"})",
        R"({"pid":7,"cwd":"/","pid\u0000x":8})", R"({"pid\u0000":7,"cwd":"/"})",
        R"({"pid":7,"cwd":"/","x":{"y":["\u0000"]}})", R"({"pid":7,"cwd":"/","\ud800":1})"})
    EXPECT_EQ("HPR_EINVAL", Code(ReadCode(text))) << text;
}

TEST(Row, RefusesNumbersThatCJsonWouldCut) {
  const std::string longest(HPR_SCAN_NUMBER_LENGTH, '1');
  EXPECT_EQ("HPR_OK", Code(ReadCode(WithMember("\"x\":" + longest))));
  EXPECT_EQ("HPR_EINVAL", Code(ReadCode(WithMember("\"x\":" + longest + "1"))));
  EXPECT_EQ("HPR_EINVAL", Code(ReadCode(R"({"cwd":"/","pid":7.)" + std::string(80, '0') + "}")));
}

TEST(Row, IsNotWrittenToOnFailure) {
  hpr_row row = {};
  row.main.pid = 42;
  const std::string text = R"({"pid":7,"cwd":"/","spawnToken":7})";
  EXPECT_EQ("HPR_EINVAL", Code(hpr_row_read(hpr_span{text.data(), text.size()}, &row)));
  EXPECT_EQ(42, row.main.pid);
  EXPECT_EQ(nullptr, row.cwd);
}

/* Every prefix and every changed byte: a sound row or a refusal, and what is sound reads back. */
TEST(Row, SurvivesEveryCutAndEveryChangedByte) {
  const std::string good = kFull;
  for (size_t length = 0; length < good.size(); length++)
    ASSERT_EQ("HPR_EINVAL", Code(ReadCode(good.substr(0, length))));
  for (size_t at = 0; at < good.size(); at++) {
    for (const char byte : {'\0', '"', '\\', '{', '}', '[', ',', ':', '0', '9', '-', '.', 'e', 'u',
                            '\x80', '\xFF', ' '}) {
      std::string changed = good;
      changed[at] = byte;
      Row row, back;
      if (row.Read(changed) != 0) continue;
      const std::string written = row.Written();
      ASSERT_EQ("HPR_OK", Code(back.Read(written))) << changed;
      ASSERT_EQ(written, back.Written()) << changed;
    }
  }
}

} // namespace
