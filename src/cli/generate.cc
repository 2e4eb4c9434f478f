// lapidary generate: answers to prompts. All prompts are read and checked first; answers are
// written in the order of the input, each as soon as all before it are done. Ctrl-C writes what
// there is (finish_reason "abort") and ends with status 0.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/log.h"
#include "cli/generation.h"
#include "cli/model_loading.h"
#include "cli/verbs.h"
#include "model/gemma4/generation_config.h"
#include "rollout/engine_plan.h"
#include "rollout/gemma4_decoder.h"

namespace lapidary::cli {
namespace {

struct GenerateFlags {
  ModelFlags model;
  std::string prompt;
  std::string input;
  std::string output;
  int64_t max_new_tokens = 512;
  double temperature = 1.0;
  double top_p = 1.0;
  int64_t top_k = -1;
  uint64_t seed = 0;
  std::vector<std::string> stops;
  int64_t num_samples = 1;
  int64_t max_running = 32;
  bool has_prompt = false;
  bool ignore_eos = false;
  bool apply_chat_template = false;
  bool keep_special_tokens = false;
};

// The ids that end an answer: the checkpoint's, and stop strings that are special tokens (which
// decoding leaves out, so that they cannot be found in the text).
std::vector<int64_t> stop_ids(const GenerateFlags& flags, const model::Gemma4Config& config,
                              const model::GenerationConfig& suggested,
                              const tokenizer::Tokenizer* tokenizer) {
  std::vector<int64_t> out;
  if (!flags.ignore_eos) {
    out = suggested.eos_token_ids.empty() ? config.eos_token_ids : suggested.eos_token_ids;
  }
  for (const std::string& stop : flags.stops) {
    const auto id = tokenizer->id_of(stop);
    if (id && tokenizer->is_special(*id)) out.push_back(*id);
  }
  return out;
}

GenerationOptions generation_options(const GenerateFlags& flags, const model::Gemma4Config& config,
                                     const tokenizer::Tokenizer* tokenizer) {
  const auto suggested = model::GenerationConfig::read(flags.model.folder);
  GenerationOptions options;
  options.sampling = {.temperature = flags.temperature,
                      .top_p = flags.top_p,
                      .top_k = flags.top_k,
                      .seed = flags.seed};
  for (const int64_t id : suggested.suppress_tokens) {
    if (id >= 0 && id < config.vocab_size) options.sampling.suppressed_ids.push_back(id);
  }
  options.max_new_tokens = flags.max_new_tokens;
  options.stop_ids = stop_ids(flags, config, suggested, tokenizer);
  options.num_samples = flags.num_samples;
  options.tokenizer = tokenizer;
  options.skip_special =
      flags.keep_special_tokens ? tokenizer::SkipSpecial::kNo : tokenizer::SkipSpecial::kYes;
  options.stops = flags.stops;
  rollout::validate(options.sampling, config.vocab_size);
  return options;
}

std::vector<PromptLine> read_prompts(const GenerateFlags& flags, const model::Gemma4Config& config,
                                     TextEncoder& encoder) {
  const PromptRules rules{.vocab_size = config.vocab_size,
                          .max_tokens = config.max_position_embeddings - 1,
                          .texts_are_chat = flags.apply_chat_template,
                          .generation_prompt = GenerationPrompt::kYes};
  if (flags.has_prompt) return {prompt_from_text(flags.prompt, encoder, rules)};
  return read_prompt_lines(flags.input, encoder, rules);
}

rollout::EngineOptions engine_options(const GenerateFlags& flags,
                                      const std::vector<PromptLine>& prompts,
                                      const rollout::Decoder& decoder) {
  Dim longest = 0;
  for (const PromptLine& prompt : prompts) {
    longest = std::max(longest, static_cast<Dim>(prompt.ids.size()));
  }
  const Dim room = decoder.max_positions() - longest;
  return rollout::plan_engine(
      decoder, {.num_answers = static_cast<Dim>(prompts.size()) * flags.num_samples,
                .max_sequence_tokens = longest + std::min(room, flags.max_new_tokens),
                .max_running = flags.max_running,
                .memory_bytes = available_memory_bytes(decoder.device()) / 10 * 9});
}

std::vector<std::string> answer_titles(const std::vector<PromptLine>& prompts, int64_t samples) {
  std::vector<std::string> out;
  for (const PromptLine& prompt : prompts) {
    for (int64_t sample = 1; sample <= samples; ++sample) {
      out.push_back(samples == 1 ? prompt.what : cat(prompt.what, ", sample ", sample));
    }
  }
  return out;
}

void say_statistics(const rollout::EngineStatistics& statistics) {
  log_info(cat("read ", statistics.prompt_tokens, " prompt tokens in ", statistics.prefill_seconds,
               " s, made ", statistics.generated_tokens, " tokens, ", statistics.decoded_tokens,
               " of them in ", statistics.decode_forwards, " decode steps in ",
               statistics.decode_seconds, " s (",
               static_cast<int64_t>(statistics.decode_tokens_per_second()), " tokens/s)"));
}

void run_generate(const GenerateFlags& flags) {
  if (flags.has_prompt == !flags.input.empty()) {
    fail(ErrorKind::kInvalidArgument, "generate: give either --prompt TEXT or --input FILE");
  }
  const auto config = model::Gemma4Config::read(flags.model.folder);
  TextEncoder encoder(flags.model.folder);
  const bool needs_texts = flags.has_prompt || !flags.stops.empty();
  const tokenizer::Tokenizer* tokenizer =
      needs_texts || encoder.has_tokenizer() ? &encoder.tokenizer() : nullptr;
  tokenizer::StopStrings checked(flags.stops);
  const GenerationOptions options = generation_options(flags, config, tokenizer);
  const std::vector<PromptLine> prompts = read_prompts(flags, config, encoder);

  const bool streams = flags.output.empty() && tokenizer != nullptr && ::isatty(STDOUT_FILENO) == 1;
  // An output that cannot be written is found before the model is loaded.
  std::unique_ptr<AnswerSink> sink;
  if (!streams) sink = std::make_unique<AnswerLines>(flags.output.empty() ? "-" : flags.output);
  rollout::Gemma4Decoder decoder(load_model(flags.model, config));
  rollout::Engine engine(decoder, engine_options(flags, prompts, decoder));
  const InterruptGuard guard;  // before the first title is shown, to which a person may react
  if (streams) sink = std::make_unique<AnswerStream>(answer_titles(prompts, flags.num_samples));
  Generation generation(engine, prompts, options, *sink);
  const auto total = static_cast<int64_t>(prompts.size()) * flags.num_samples;
  std::unique_ptr<observe::Progress> progress;
  if (!streams) {
    progress = std::make_unique<observe::Progress>("generate", total, "answers",
                                                   observe::ProgressOptions::for_stderr());
  }
  const bool was_interrupted = generation.run(guard, progress.get());
  if (progress) progress->finish();
  say_statistics(engine.statistics());
  if (was_interrupted) log_warning("interrupted: unfinished answers have finish_reason \"abort\"");
}

void add_sampling_flags(CLI::App& verb, GenerateFlags& flags) {
  verb.add_option("--max-new-tokens", flags.max_new_tokens, "Length limit of an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb.add_option("--temperature", flags.temperature, "Divides the logits; 0 is greedy")
      ->capture_default_str();
  verb.add_option("--top-p", flags.top_p, "Keep the most probable tokens of that mass")
      ->capture_default_str();
  verb.add_option("--top-k", flags.top_k, "Keep that many of the most probable tokens; -1: all")
      ->capture_default_str();
  verb.add_option("--seed", flags.seed, "Same seed, same answers, whatever else is in the input")
      ->capture_default_str();
  verb.add_option("--stop", flags.stops, "End an answer before this text (repeatable)")
      ->allow_extra_args(false);
  verb.add_option("--num-samples", flags.num_samples, "Answers of each prompt")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->capture_default_str();
  verb.add_flag("--ignore-eos", flags.ignore_eos, "Go on after the checkpoint's end tokens");
}

}  // namespace

void add_generate(CLI::App& app, int& exit_status) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App* verb = app.add_subcommand("generate", "Answers to prompts");
  add_model_flags(*verb, flags->model);
  CLI::Option* prompt = verb->add_option("--prompt", flags->prompt, "One prompt");
  CLI::Option* input =
      verb->add_option("--input", flags->input,
                       "Lines {\"input_ids\": [..]}, {\"text\": ..} or {\"messages\": [..], "
                       "\"tools\": [..]}; - is standard input");
  prompt->excludes(input);
  verb->add_option("--output", flags->output,
                   "Lines {\"input_ids\", \"output_ids\", \"text\", \"logprobs\", "
                   "\"finish_reason\"}; - is standard output. Without it texts stream to a "
                   "terminal, and lines go to anything else");
  add_sampling_flags(*verb, *flags);
  verb->add_flag("--apply-chat-template", flags->apply_chat_template,
                 "A text is what the user says in a conversation");
  verb->add_flag("--keep-special-tokens", flags->keep_special_tokens,
                 "Show special tokens in the texts");
  verb->add_option("--max-running-requests", flags->max_running, "Answers made at a time")
      ->check(CLI::Range(int64_t{1}, int64_t{4096}))
      ->capture_default_str();
  verb->footer(
      "logprobs are of the distribution that was sampled from: over the whole vocabulary, or over "
      "what --top-k and --top-p keep; greedy answers have those of temperature 1. Sampling "
      "settings of generation_config.json are not used, its end tokens and suppressed tokens "
      "are.");
  verb->callback([flags, prompt, &exit_status] {
    flags->has_prompt = prompt->count() > 0;
    run_generate(*flags);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
