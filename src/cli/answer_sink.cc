#include "cli/answer_sink.h"

#include <cstdio>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::cli {
namespace {

std::string output_line(const FinishedAnswer& finished) {
  const rollout::Answer& answer = finished.answer;
  return cat("{\"input_ids\": ", json_list(*finished.input_ids),
             ", \"output_ids\": ", json_list(answer.output_ids),
             ", \"text\": ", finished.text ? dump_json(Json(*finished.text)) : "null",
             ", \"logprobs\": ", json_list(answer.log_probs), ", \"finish_reason\": \"",
             rollout::to_string(answer.finish_reason), "\"}");
}

}  // namespace

void AnswerLines::finish_answer(size_t number, FinishedAnswer answer) {
  early_.emplace(number, std::move(answer));
  for (auto first = early_.begin(); first != early_.end() && first->first == next_;
       first = early_.erase(first), ++next_) {
    output_.write_text(output_line(first->second));
  }
}

AnswerStream::AnswerStream(std::vector<std::string> titles)
    : titles_(std::move(titles)), waiting_(titles_.size()), is_finished_(titles_.size(), false) {
  begin_answer();
}

void AnswerStream::print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorKind::kIo, "cannot write standard output: ", last_os_error());
  }
}

void AnswerStream::begin_answer() {
  if (current_ < titles_.size() && titles_.size() > 1) {
    print(cat(current_ > 0 ? "\n" : "", "== ", titles_[current_], "\n"));
  }
}

void AnswerStream::add_text(size_t number, const std::string& text) {
  if (number == current_) {
    print(text);
  } else {
    waiting_[number] += text;
  }
}

void AnswerStream::finish_answer(size_t number, FinishedAnswer) {
  is_finished_[number] = true;
  while (current_ < is_finished_.size() && is_finished_[current_]) {
    print("\n");
    ++current_;
    begin_answer();
    if (current_ < waiting_.size()) print(waiting_[current_]);
  }
}

void AnswerStream::finish() {}

}  // namespace lapidary::cli
