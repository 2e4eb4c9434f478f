#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/data/prompt_file.h"
#include "rl/data/prompt_source.h"
#include "rl/data/python_random.h"

namespace lapidary::check {

namespace {

Json bound(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json();
}

Json path_slice(const JsonObject& fields) {
  const rl::PromptPath parsed = rl::parse_prompt_path(fields.get_string("argument"));
  Json slice;
  if (parsed.slice) {
    slice = Json::array({bound(parsed.slice->begin), bound(parsed.slice->end)});
  }
  return Json{{"path", parsed.path}, {"slice", slice}};
}

// A file of rows whose label is their number, removed with the object.
class NumberedRows {
 public:
  explicit NumberedRows(Dim count)
      : path_((std::filesystem::temp_directory_path() / cat("lapidary-rows-", ::getpid(), ".jsonl"))
                  .string()) {
    std::string text;
    for (Dim row = 0; row < count; ++row) {
      text += dump_json(Json{{"prompt", cat("question ", row)}, {"label", cat(row)}}) + "\n";
    }
    write_file_atomically(path_, text);
  }
  ~NumberedRows() { std::filesystem::remove(path_); }
  NumberedRows(const NumberedRows&) = delete;
  NumberedRows& operator=(const NumberedRows&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Json read_rows(const JsonObject& fields) {
  const NumberedRows file(fields.get_int("row_count"));
  rl::PromptFileOptions options;
  options.path = file.path() + fields.get_string("suffix");
  options.prompt_key = "prompt";
  options.label_key = "label";
  Json labels = Json::array();
  // A selection without a row is an error of the product; as a selection it is empty.
  const rl::PromptPath parsed = rl::parse_prompt_path(options.path);
  const rl::RowRange rows =
      rl::selected_rows(parsed.slice.value_or(rl::RowSlice{}), fields.get_int("row_count"));
  if (rows.begin < rows.end) {
    for (const rl::Prompt& prompt : rl::read_prompts(options)) {
      labels.push_back(prompt.label);
    }
  }
  return Json{{"labels", labels}};
}

std::vector<Dim> permutation(const JsonObject& fields) {
  return rl::epoch_permutation(fields.get_int("n"), fields.get_int("rollout_seed"),
                               fields.get_int("epoch"));
}

Json shuffle_head(const JsonObject& fields) {
  const std::vector<Dim> order = permutation(fields);
  const std::vector<Dim> first(order.begin(),
                               order.begin() + std::min<Dim>(64, fields.get_int("n")));
  const std::vector<Dim> last(order.end() - std::min<Dim>(8, fields.get_int("n")), order.end());
  return Json{{"first", first}, {"last", last}};
}

Json indices(const rl::PromptTicket& ticket, Dim count) {
  Json list = Json::array();
  for (Dim i = 0; i < count; ++i) {
    list.push_back(ticket.first_sample_id + i);
  }
  return list;
}

Json get_samples(const JsonObject& fields) {
  rl::PromptSourceOptions options;
  options.order =
      fields.get_bool("rollout_shuffle") ? rl::RowOrder::kShuffled : rl::RowOrder::kFile;
  options.seed = fields.get_int("rollout_seed");
  options.samples_per_prompt = fields.get_int("n_samples_per_prompt");
  rl::PromptSource source(fields.get_int("row_count"), options);
  Json results = Json::array();
  for (const Dim count : fields.get_ints("calls")) {
    Json groups = Json::array();
    for (const rl::PromptTicket& ticket : source.take(count)) {
      groups.push_back(Json{{"label", cat(ticket.prompt)},
                            {"group_index", ticket.group_id},
                            {"indices", indices(ticket, options.samples_per_prompt)}});
    }
    results.push_back(Json{
        {"groups", groups}, {"epoch", source.cursor().epoch}, {"offset", source.cursor().offset}});
  }
  return Json{{"results", results}};
}

// The place that an English ordinal names, from 0: "third", "12th", "last" of `count`.
size_t ordinal_place(const std::string& word, size_t count) {
  static const std::vector<std::string> kOrdinals = {"first", "second", "third",   "fourth",
                                                     "fifth", "sixth",  "seventh", "eighth",
                                                     "ninth", "tenth"};
  size_t place = count;
  if (word == "last") {
    place = count - 1;
  } else if (!word.empty() && word[0] >= '1' && word[0] <= '9') {
    place = static_cast<size_t>(std::stoul(word)) - 1;
  } else {
    place = static_cast<size_t>(std::find(kOrdinals.begin(), kOrdinals.end(), word) -
                                kOrdinals.begin());
  }
  if (place >= count) {
    fail(ErrorKind::kInvalidArgument, "\"the ", word, "\" is none of the ", count,
         " groups that were taken");
  }
  return place;
}

// Steps "take N" and "put back the third, then the first".
Json buffer(const JsonObject& fields) {
  rl::PromptSource source(fields.get_int("row_count"), {});
  std::vector<rl::PromptTicket> taken;
  for (const std::string& step : fields.get_strings("steps")) {
    if (step.starts_with("take ")) {
      taken = source.take(std::stoll(step.substr(5)));
      continue;
    }
    for (size_t at = step.find("the "); at != std::string::npos; at = step.find("the ", at)) {
      at += 4;
      const size_t end = std::min(step.find_first_of(" ,", at), step.size());
      source.give_back(taken[ordinal_place(step.substr(at, end - at), taken.size())]);
    }
  }
  Json labels = Json::array();
  Json sample_ids = Json::array();
  for (const rl::PromptTicket& ticket : taken) {
    labels.push_back(cat(ticket.prompt));
    sample_ids.push_back(ticket.first_sample_id);
  }
  return Json{{"labels", labels}, {"indices", sample_ids}};
}

}  // namespace

Json evaluate_data(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  const JsonObject fields = test_case.get_object("input");
  if (kind == "path_slice") {
    return path_slice(fields);
  }
  if (kind == "read_rows") {
    return read_rows(fields);
  }
  if (kind == "shuffle") {
    return Json{{"permutation", permutation(fields)}};
  }
  if (kind == "shuffle_head") {
    return shuffle_head(fields);
  }
  if (kind == "get_samples") {
    return get_samples(fields);
  }
  if (kind == "buffer") {
    return buffer(fields);
  }
  fail(ErrorKind::kUnsupported, "data has no case of the kind ", kind);
}

}  // namespace lapidary::check
