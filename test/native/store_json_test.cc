#include <cjson/cJSON.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

extern "C" {
#include "store/json.h"
}

namespace {

std::string Printed(const std::function<void(hpr_buffer *)> &print) {
  hpr_buffer buffer = {};
  print(&buffer);
  EXPECT_FALSE(buffer.failed);
  std::string text(buffer.text, buffer.length);
  hpr_buffer_done(&buffer);
  return text;
}

std::string Text(const std::string &text) {
  return Printed([&](hpr_buffer *buffer) { hpr_json_text(buffer, nullptr, text.c_str()); });
}

std::string Number(int64_t number) {
  return Printed([&](hpr_buffer *buffer) { hpr_json_number(buffer, nullptr, number); });
}

TEST(Json, PartsMembersAndItemsByCommas) {
  EXPECT_EQ(R"({"a":1,"b":[],"c":["x",-2,{}],"d":true,"e":{"f":false},"g":null,"h":0})",
            Printed([](hpr_buffer *buffer) {
              hpr_json_open(buffer, nullptr, '{');
              hpr_json_number(buffer, "a", 1);
              hpr_json_open(buffer, "b", '[');
              hpr_json_close(buffer, ']');
              hpr_json_open(buffer, "c", '[');
              hpr_json_text(buffer, nullptr, "x");
              hpr_json_number(buffer, nullptr, -2);
              hpr_json_open(buffer, nullptr, '{');
              hpr_json_close(buffer, '}');
              hpr_json_close(buffer, ']');
              hpr_json_flag(buffer, "d", true);
              hpr_json_open(buffer, "e", '{');
              hpr_json_flag(buffer, "f", false);
              hpr_json_close(buffer, '}');
              hpr_json_members(buffer, R"("g":null,"h":0)");
              hpr_json_close(buffer, '}');
            }));
}

TEST(Json, EscapesWhatHasALetterByIt) { EXPECT_EQ(R"("\"\\\b\f\n\r\t")", Text("\"\\\b\f\n\r\t")); }

TEST(Json, EscapesOtherControlCharactersByTheirNumber) {
  EXPECT_EQ(R"("\u0001\u000b\u001f)"
            "\x7f\"",
            Text("\x01\x0b\x1f\x7f"));
}

TEST(Json, EscapesNothingElse) {
  EXPECT_EQ("\"a/b 'c' <\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80>\"",
            Text("a/b 'c' <\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80>"));
}

/* What stands before, between and behind the escapes is neither lost nor doubled. */
TEST(Json, IsReadBackByAnotherLibraryForEveryByteInEveryPlace) {
  for (int byte = 1; byte < 256; byte++) {
    for (const std::string &text : {std::string(1, static_cast<char>(byte)),
                                    "a" + std::string(2, static_cast<char>(byte)) + "b",
                                    std::string(1, static_cast<char>(byte)) + "\"c"}) {
      const std::string printed = Text(text);
      cJSON *back = cJSON_ParseWithLength(printed.data(), printed.size());
      ASSERT_NE(nullptr, back) << printed;
      EXPECT_EQ(text, cJSON_GetStringValue(back));
      cJSON_Delete(back);
    }
  }
}

TEST(Json, PrintsEveryWholeNumber) {
  EXPECT_EQ("0", Number(0));
  EXPECT_EQ("-1", Number(-1));
  EXPECT_EQ("9007199254740993", Number(INT64_C(9007199254740993)));
  EXPECT_EQ("9223372036854775807", Number(INT64_MAX));
  EXPECT_EQ("-9223372036854775808", Number(INT64_MIN));
}

} // namespace
