// Where generate's answers go: JSON lines, or a person's terminal. Answers are numbered in the
// order in which they are to appear (the input's, samples of a prompt one after another); they may
// finish in any order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/output_lines.h"
#include "rollout/request.h"

namespace lapidary::cli {

struct FinishedAnswer {
  const std::vector<int64_t>* input_ids = nullptr;
  rollout::Answer answer;
  std::optional<std::string> text;  // none without a tokenizer
};

class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // More text of an answer that is being made.
  virtual void add_text(size_t number, const std::string& text) = 0;
  virtual void finish_answer(size_t number, FinishedAnswer answer) = 0;
  virtual void finish() = 0;
};

// A line {"input_ids", "output_ids", "text", "logprobs", "finish_reason"} for each answer, written
// as soon as all before it are.
class AnswerLines : public AnswerSink {
 public:
  explicit AnswerLines(const std::string& path) : output_(path) {}
  void add_text(size_t, const std::string&) override {}
  void finish_answer(size_t number, FinishedAnswer answer) override;
  void finish() override { output_.finish(); }

 private:
  OutputLines output_;
  size_t next_ = 0;
  std::map<size_t, FinishedAnswer> early_;  // by number: those before them are still being made
};

// The texts one after another on standard output, the first unfinished one as it comes. With more
// than one answer each has a title.
class AnswerStream : public AnswerSink {
 public:
  explicit AnswerStream(std::vector<std::string> titles);
  void add_text(size_t number, const std::string& text) override;
  void finish_answer(size_t number, FinishedAnswer answer) override;
  void finish() override;

 private:
  void print(const std::string& text);
  void begin_answer();

  std::vector<std::string> titles_;
  std::vector<std::string> waiting_;  // text of answers behind the current one
  std::vector<bool> is_finished_;
  size_t current_ = 0;
};

}  // namespace lapidary::cli
