#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "rl/data/prompt_file.h"
#include "rl/data/prompt_source.h"
#include "support/paths.h"

namespace lapidary::rl {
namespace {

class PromptFile : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    write_file_atomically(scratch_.file("data.jsonl"), text);
    return scratch_.file("data.jsonl");
  }
  std::string message_of(const PromptFileOptions& options) {
    try {
      read_prompts(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  PromptFileOptions options(const std::string& text) {
    PromptFileOptions options;
    options.path = write(text);
    options.prompt_key = "prompt";
    options.label_key = "label";
    return options;
  }

 private:
  test::ScratchFolder scratch_;
};

TEST_F(PromptFile, ReadsTextAndMessagePrompts) {
  const std::vector<Prompt> prompts =
      read_prompts(options("{\"prompt\": \"a\", \"label\": \"1\"}\n\n"
                           "{\"prompt\": [{\"role\": \"user\", \"content\": \"b\"}], \"label\": 2, "
                           "\"metadata\": {\"level\": 3}}\n"));
  ASSERT_EQ(prompts.size(), 2U);
  EXPECT_FALSE(prompts[0].is_messages());
  EXPECT_TRUE(prompts[1].is_messages());
  EXPECT_EQ(prompts[1].row, 3);
  EXPECT_EQ(prompts[1].metadata["level"], 3);
  EXPECT_EQ(label_text(prompts[1].label), "2");
}

TEST_F(PromptFile, NamesTheLineThatIsNoJson) {
  const std::string message = message_of(options("{\"prompt\": \"a\", \"label\": \"1\"}\n{oops\n"));
  EXPECT_NE(message.find("data.jsonl"), std::string::npos) << message;
  EXPECT_NE(message.find('2'), std::string::npos) << message;
}

TEST_F(PromptFile, NamesTheLineAndFieldThatAreMissing) {
  const std::string message = message_of(
      options("{\"prompt\": \"a\", \"label\": \"1\"}\n{\"prompt\": \"b\", \"answer\": 1}\n"));
  EXPECT_NE(message.find("data.jsonl:2"), std::string::npos) << message;
  EXPECT_NE(message.find("--label-key"), std::string::npos) << message;
  EXPECT_NE(message.find("\"answer\""), std::string::npos) << message;
}

TEST_F(PromptFile, RefusesWhatIsNoPrompt) {
  EXPECT_NE(message_of(options("{\"prompt\": 5, \"label\": \"1\"}\n")).find(":1"),
            std::string::npos);
  EXPECT_NE(message_of(options("{\"prompt\": [\"x\"], \"label\": \"1\"}\n")).find("role"),
            std::string::npos);
  EXPECT_NE(
      message_of(options("{\"prompt\": \"x\", \"label\": 1, \"metadata\": 2}\n")).find("object"),
      std::string::npos);
}

TEST_F(PromptFile, RefusesAnEmptySelection) {
  PromptFileOptions chosen = options("{\"prompt\": \"a\", \"label\": \"1\"}\n");
  chosen.path += "@[5:9]";
  EXPECT_NE(message_of(chosen).find("selects none of the 1 rows"), std::string::npos);
}

TEST_F(PromptFile, ReadsToolsThatAreText) {
  PromptFileOptions chosen =
      options("{\"prompt\": \"a\", \"label\": \"1\", \"tools\": \"[{\\\"type\\\": 1}]\"}\n");
  chosen.tool_key = "tools";
  EXPECT_EQ(read_prompts(chosen)[0].tools[0]["type"], 1);
}

TEST(PromptSource, ContinuesWhereItWasSaved) {
  PromptSourceOptions options;
  options.order = RowOrder::kShuffled;
  options.samples_per_prompt = 3;
  PromptSource whole(7, options);
  PromptSource first(7, options);
  std::vector<PromptTicket> taken = first.take(5);
  first.give_back(taken[2]);
  whole.give_back(whole.take(5)[2]);
  PromptSource second(7, options);
  second.restore(first.save());
  for (int call = 0; call < 4; ++call) {
    const std::vector<PromptTicket> expected = whole.take(4);
    const std::vector<PromptTicket> found = second.take(4);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(found[i].group_id, expected[i].group_id);
      EXPECT_EQ(found[i].prompt, expected[i].prompt);
      EXPECT_EQ(found[i].first_sample_id, expected[i].first_sample_id);
    }
  }
}

TEST(PromptSource, ServesEveryRowOnceAnEpoch) {
  PromptSourceOptions options;
  options.order = RowOrder::kShuffled;
  PromptSource source(5, options);
  std::vector<int> seen(5);
  for (const PromptTicket& ticket : source.take(15)) {
    ++seen[static_cast<size_t>(ticket.prompt)];
  }
  EXPECT_EQ(seen, std::vector<int>(5, 3));
}

TEST(PromptSource, RefusesAStateOfOtherData) {
  PromptSource five(5, {});
  PromptSource six(6, {});
  EXPECT_THROW(six.restore(five.save()), Error);
  EXPECT_THROW(PromptSource(0, {}), Error);
}

}  // namespace
}  // namespace lapidary::rl
