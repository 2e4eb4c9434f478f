#include "rl/data/prompt_source.h"

#include "base/check.h"
#include "rl/data/python_random.h"

namespace lapidary::rl {

PromptSource::PromptSource(Dim num_prompts, const PromptSourceOptions& options)
    : num_prompts_(num_prompts), options_(options) {
  if (num_prompts < 1) {
    fail(ErrorKind::kInvalidArgument, "prompt source: there are no prompts");
  }
  if (options.samples_per_prompt < 1) {
    fail(ErrorKind::kInvalidArgument, "--n-samples-per-prompt is ", options.samples_per_prompt,
         "; it must be at least 1");
  }
  open_epoch(0);
}

void PromptSource::open_epoch(int64_t epoch) {
  cursor_.epoch = epoch;
  cursor_.offset = 0;
  if (options_.order == RowOrder::kShuffled) {
    permutation_ = epoch_permutation(num_prompts_, options_.seed, epoch);
  }
}

PromptTicket PromptSource::next() {
  if (cursor_.offset == num_prompts_) {
    open_epoch(cursor_.epoch + 1);
  }
  const Dim place = cursor_.offset++;
  PromptTicket ticket;
  ticket.group_id = cursor_.next_group_id++;
  ticket.first_sample_id = cursor_.next_sample_id;
  ticket.prompt = permutation_.empty() ? place : permutation_[static_cast<size_t>(place)];
  cursor_.next_sample_id += options_.samples_per_prompt;
  return ticket;
}

std::vector<PromptTicket> PromptSource::take(Dim count) {
  std::vector<PromptTicket> tickets;
  while (static_cast<Dim>(tickets.size()) < count && !returned_.empty()) {
    tickets.push_back(returned_.front());
    returned_.pop_front();
  }
  while (static_cast<Dim>(tickets.size()) < count) {
    tickets.push_back(next());
  }
  return tickets;
}

Json PromptSource::save() const {
  Json returned = Json::array();
  for (const PromptTicket& ticket : returned_) {
    returned.push_back(Json::array({ticket.group_id, ticket.first_sample_id, ticket.prompt}));
  }
  return Json{{"epoch", cursor_.epoch},
              {"offset", cursor_.offset},
              {"next_group_id", cursor_.next_group_id},
              {"next_sample_id", cursor_.next_sample_id},
              {"num_prompts", num_prompts_},
              {"returned", returned}};
}

void PromptSource::restore(const Json& state) {
  const JsonObject fields(state, "prompt source state");
  const Dim saved_prompts = fields.get_int("num_prompts");
  if (saved_prompts != num_prompts_) {
    fail(ErrorKind::kCorrupt, "prompt source state: it was saved over ", saved_prompts,
         " prompts, the data now has ", num_prompts_, "; continue with the same --prompt-data");
  }
  const int64_t epoch = fields.get_int("epoch");
  const Dim offset = fields.get_int("offset");
  if (epoch < 0 || offset < 0 || offset > num_prompts_) {
    fail(ErrorKind::kCorrupt, "prompt source state: epoch ", epoch, ", offset ", offset, " of ",
         num_prompts_, " prompts");
  }
  std::deque<PromptTicket> returned;
  for (const Json& ticket : fields.at("returned")) {
    if (!ticket.is_array() || ticket.size() != 3 || !ticket[0].is_number_integer() ||
        !ticket[1].is_number_integer() || !ticket[2].is_number_integer()) {
      fail(ErrorKind::kCorrupt,
           "prompt source state: a returned group must be [group, sample, "
           "prompt], found ",
           lapidary::quoted(dump_json(ticket)));
    }
    const Dim prompt = ticket[2].get<Dim>();
    if (prompt < 0 || prompt >= num_prompts_) {
      fail(ErrorKind::kCorrupt, "prompt source state: returned prompt ", prompt, " of ",
           num_prompts_);
    }
    returned.push_back({ticket[0].get<Dim>(), ticket[1].get<Dim>(), prompt});
  }
  open_epoch(epoch);
  cursor_.offset = offset;
  cursor_.next_group_id = fields.get_int("next_group_id");
  cursor_.next_sample_id = fields.get_int("next_sample_id");
  returned_ = std::move(returned);
}

}  // namespace lapidary::rl
