// slime's retool example: a model that writes Python in its answer gets the output behind it, as
// tokens that are not trained on.
//
// Worked example of what follows a turn:
//   <code>print(5)</code>  ->  "\n\n<interpreter>\n5\n</interpreter>\n\n"
//   Answer: \boxed{5}      ->  the end
//   anything else          ->  a sentence that says how to call and how to answer
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "rl/env/episode.h"
#include "rl/env/retool_parser.h"

namespace lapidary::rl {

inline constexpr const char* kCodeInterpreter = "code_interpreter";

// What the loop appends. The empty-code text counts as a tool call, the invalid one does not.
std::string interpreter_observation(const std::string& output);
extern const char* const kNoCodeObservation;
extern const char* const kInvalidActionObservation;

struct RetoolOptions {
  // What an episode is called that was cut while the last model turn ended by itself.
  enum class Variant {
    kStock,   // truncated
    kGemma4,  // completed, as the last model turn was (generate_with_retool_gemma4)
  };
  Variant variant = Variant::kStock;
  RetoolParserOptions parser;
  // Of an episode that used up its turns or calls without an answer; slime says completed.
  Status out_of_turns = Status::kCompleted;
};

class RetoolEpisode : public Episode {
 public:
  RetoolEpisode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits, TextCodec codec,
                const RetoolOptions& options = {});

 protected:
  Step judge(const Turn& turn) override;
  Step resume(const std::vector<std::string>& outputs) override;
  Status full_context_status() const override;
  Status out_of_turns_status() const override { return options_.out_of_turns; }

 private:
  Step observe_interpreter(const std::string& output);
  RetoolOptions options_;
};

// The system text of the retool prompts: what the assistant is, and the tools with the notation of
// a call.
std::string retool_system_text(const Json& tools);
// The declaration of code_interpreter in OpenAI's form.
Json code_interpreter_declaration();

// The messages that the Gemma variant hands to the chat template (generation prompt on, thinking
// on): the tool system text, then those of the prompt without its own system messages. A text is
// one user message. Throws Error{kInvalidArgument} for anything else.
Json retool_messages(const Json& prompt_content, const Json& tools);

// The prompt of the stock variant: ChatML around the tool system text and the prompt's text, with
// slime's line breaks. Messages are joined as they come, role by role.
std::string retool_chatml(const Json& prompt_content, const Json& tools);

}  // namespace lapidary::rl
