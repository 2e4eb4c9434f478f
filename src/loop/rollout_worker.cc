#include "loop/rollout_worker.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "tokenizer/stop_strings.h"
#include "tokenizer/stream_decoder.h"

namespace lapidary::loop {
namespace {

constexpr double kWaitSeconds = 0.05;    // for tools, when there is nothing else to do
constexpr double kPauseSeconds = 0.002;  // when the engine has no room before a tool answers

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

rl::TurnEnd turn_end(rollout::FinishReason reason) {
  switch (reason) {
    case rollout::FinishReason::kStop:
      return rl::TurnEnd::kStop;
    case rollout::FinishReason::kLength:
      return rl::TurnEnd::kLength;
    case rollout::FinishReason::kAbort:
      break;
  }
  return rl::TurnEnd::kAbort;
}

void append(rl::GeneratedTurn& turn, const rollout::Answer& answer) {
  turn.tokens.insert(turn.tokens.end(), answer.output_ids.begin(), answer.output_ids.end());
  turn.log_probs.insert(turn.log_probs.end(), answer.log_probs.begin(), answer.log_probs.end());
  turn.weight_versions.insert(turn.weight_versions.end(), answer.weight_versions.begin(),
                              answer.weight_versions.end());
}

}  // namespace

// Looks for stop strings in a turn while its tokens come.
struct RolloutWorker::StopWatch {
  StopWatch(const tokenizer::Tokenizer& tokenizer, const std::vector<std::string>& texts)
      : decoder(tokenizer, tokenizer::SkipSpecial::kNo), stops(texts) {}
  tokenizer::StreamDecoder decoder;
  tokenizer::StopStrings stops;
};

struct RolloutWorker::Active {
  Dim group_id = 0;
  Dim sample_id = 0;
  int64_t attempt = 0;
  std::unique_ptr<rl::Episode> episode;
  TrajectoryScript script;
  std::optional<rollout::RequestId> open;  // the engine's sequence
  size_t num_turns_sent = 0;               // turns of the trajectory that the sequence has
  std::optional<StopWatch> watch;
  std::vector<ToolOutput> outputs;  // of the calls under way
  size_t num_missing = 0;
  double began = 0.0;
  double called = 0.0;

  // Prompt, turns and what was written of the next one.
  std::vector<int64_t> all_tokens() const {
    std::vector<int64_t> out = episode->trajectory().prompt_tokens;
    const std::vector<int64_t> response = episode->trajectory().response_tokens();
    out.insert(out.end(), response.begin(), response.end());
    out.insert(out.end(), script.unfinished.tokens.begin(), script.unfinished.tokens.end());
    return out;
  }
};

RolloutWorker::RolloutWorker(rollout::Engine& engine, const Environment& environment,
                             ToolRunner* tools, WorkerOptions options)
    : engine_(engine),
      environment_(environment),
      tools_(tools),
      options_(std::move(options)),
      mail_(std::make_shared<Mailbox<ToolMail>>()) {
  LAPIDARY_CHECK(tools_ != nullptr || !environment_.has_tools(), "an environment without tools");
  const std::string marker = environment_.stop_marker();
  if (marker.empty()) return;
  if (const auto id = environment_.tokenizer().id_of(marker)) {
    options_.stop_ids.push_back(*id);
  } else {
    options_.stops.push_back(marker);
  }
}

RolloutWorker::~RolloutWorker() {
  abort();
}

void RolloutWorker::start(const GroupTask& group) {
  std::vector<Active*> together;
  Dim max_new_tokens = 0;
  for (const MemberTask& member : group.members) {
    auto made = std::make_unique<Active>();
    Active& active = *made;
    active.group_id = group.group_id;
    active.sample_id = member.sample_id;
    active.attempt = ++attempts_;
    active.script = member.script;
    active.began = now_seconds();
    active.episode = environment_.make_episode(group.prompt_tokens, group.prompt);
    const rl::Step step = replay(active.script, *active.episode);
    const bool is_new = active_.emplace(member.sample_id, std::move(made)).second;
    LAPIDARY_CHECK(is_new, "trajectory ", member.sample_id, " is under way already");
    if (active.script.is_empty() && step.kind == rl::Step::Kind::kGenerate) {
      together.push_back(&active);
      max_new_tokens = step.max_new_tokens;
    } else {
      proceed(active, step);
    }
  }
  if (!together.empty()) submit_together(together, max_new_tokens);
}

void RolloutWorker::proceed(Active& active, const rl::Step& step) {
  switch (step.kind) {
    case rl::Step::Kind::kGenerate:
      request(active, step.max_new_tokens);
      return;
    case rl::Step::Kind::kCallTools:
      call_tools(active, step.calls);
      return;
    case rl::Step::Kind::kDone:
      finish(active);
      return;
  }
}

// Behind what the engine's sequence has already, when there is one.
void RolloutWorker::request(Active& active, Dim max_new_tokens) {
  const std::vector<rl::Turn>& turns = active.episode->trajectory().turns;
  std::vector<int64_t> more;
  for (size_t i = active.num_turns_sent; i < turns.size(); ++i) {
    more.insert(more.end(), turns[i].tokens.begin(), turns[i].tokens.end());
  }
  if (!active.open || more.empty()) {
    submit(active, max_new_tokens);
    return;
  }
  engine_.extend(*active.open, more, max_new_tokens);
  watch(active, *active.open);
}

rollout::Request RolloutWorker::new_request(std::vector<int64_t> prompt_ids,
                                            Dim max_new_tokens) const {
  rollout::Request request;
  request.prompt_ids = std::move(prompt_ids);
  request.sampling = options_.sampling;
  request.max_new_tokens = max_new_tokens;
  request.stop_ids = options_.stop_ids;
  if (environment_.has_tools()) {
    request.keep_open_tokens = environment_.limits().max_context_tokens;
  }
  return request;
}

void RolloutWorker::submit(Active& active, Dim max_new_tokens) {
  if (active.open) engine_.close(*active.open);
  const auto written = static_cast<Dim>(active.script.unfinished.tokens.size());
  const auto stream = static_cast<uint64_t>(active.sample_id);
  const auto ids =
      engine_.submit(new_request(active.all_tokens(), max_new_tokens - written), {&stream, 1});
  watch(active, ids.front());
}

void RolloutWorker::submit_together(const std::vector<Active*>& members, Dim max_new_tokens) {
  std::vector<uint64_t> streams;
  for (const Active* each : members) streams.push_back(static_cast<uint64_t>(each->sample_id));
  const auto ids =
      engine_.submit(new_request(members.front()->all_tokens(), max_new_tokens), streams);
  for (size_t i = 0; i < members.size(); ++i) watch(*members[i], ids[i]);
}

void RolloutWorker::watch(Active& active, rollout::RequestId id) {
  active.open = id;
  active.num_turns_sent = active.episode->trajectory().turns.size();
  requests_[id] = &active;
  if (options_.stops.empty()) return;
  active.watch.emplace(environment_.tokenizer(), options_.stops);
  for (const int64_t token : active.script.unfinished.tokens) look(*active.watch, token);
}

void RolloutWorker::look(StopWatch& watch, int64_t token) const {
  if (token >= environment_.tokenizer().vocab_size()) return;  // a spare row: it has no text
  watch.stops.push(watch.decoder.push(static_cast<int32_t>(token)));
}

void RolloutWorker::call_tools(Active& active, const std::vector<rl::ToolCall>& calls) {
  LAPIDARY_CHECK(!calls.empty(), "a step without calls");
  active.outputs.assign(calls.size(), {});
  active.num_missing = calls.size();
  active.called = now_seconds();
  num_calls_ += calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    tools_->submit(calls[i], [mail = mail_, sample_id = active.sample_id, attempt = active.attempt,
                              i](ToolOutput output) {
      mail->post({sample_id, attempt, i, std::move(output)});
    });
  }
}

void RolloutWorker::take_tool_mail() {
  for (ToolMail& each : mail_->take()) {
    const auto found = active_.find(each.sample_id);
    if (found == active_.end() || found->second->attempt != each.attempt) continue;
    Active& active = *found->second;
    --num_calls_;
    active.outputs[each.call] = std::move(each.output);
    if (--active.num_missing > 0) continue;
    const std::vector<ToolOutput> outputs = std::exchange(active.outputs, {});
    active.script.events.emplace_back(outputs);
    proceed(active, active.episode->tool_results(output_texts(outputs)));
  }
}

std::vector<EndedTrajectory> RolloutWorker::step() {
  take_tool_mail();
  while (options_.waits_for_tools && num_calls_ > 0) {
    mail_->wait(kWaitSeconds);
    take_tool_mail();
  }
  if (!engine_.is_idle()) {
    step_engine();
  } else if (num_calls_ > 0) {
    mail_->wait(kWaitSeconds);
    take_tool_mail();
  }
  std::vector<EndedTrajectory> out = std::exchange(ended_, {});
  std::sort(out.begin(), out.end(), [](const EndedTrajectory& a, const EndedTrajectory& b) {
    return a.trajectory.sample_id < b.trajectory.sample_id;
  });
  return out;
}

void RolloutWorker::step_engine() {
  const std::vector<rollout::TokenEvent> events = engine_.step();
  num_generated_tokens_ += static_cast<Dim>(events.size());
  for (const rollout::TokenEvent& event : events) take(event);
  std::vector<rollout::Answer> answers = engine_.poll();
  for (rollout::Answer& answer : answers) take(std::move(answer));
  if (events.empty() && answers.empty() && num_calls_ > 0) mail_->wait(kPauseSeconds);
}

void RolloutWorker::take(const rollout::TokenEvent& event) {
  const auto found = requests_.find(event.request);
  if (found == requests_.end() || !found->second->watch) return;
  look(*found->second->watch, event.token);
  if (found->second->watch->stops.found())
    engine_.finish(event.request, rollout::FinishReason::kStop);
}

void RolloutWorker::take(rollout::Answer answer) {
  const auto found = requests_.find(answer.request);
  if (found == requests_.end()) return;  // of an aborted trajectory
  Active& active = *found->second;
  requests_.erase(found);
  // The last token may have reached the length limit and completed a stop string.
  const bool has_stopped = active.watch && active.watch->stops.found();
  active.watch.reset();
  rl::GeneratedTurn turn = std::exchange(active.script.unfinished, {});
  append(turn, answer);
  turn.end = has_stopped ? rl::TurnEnd::kStop : turn_end(answer.finish_reason);
  if (!environment_.has_tools() || turn.end == rl::TurnEnd::kAbort) active.open.reset();
  active.script.events.emplace_back(turn);
  active.num_turns_sent = active.episode->trajectory().turns.size() + 1;
  proceed(active, active.episode->model_turn(std::move(turn)));
}

void RolloutWorker::finish(Active& active) {
  if (active.open) engine_.close(*active.open);
  EndedTrajectory ended{active.episode->take_trajectory(), std::move(active.script)};
  ended.trajectory.sample_id = active.sample_id;
  ended.trajectory.group_id = active.group_id;
  for (const TrajectoryScript::Event& event : ended.script.events) {
    const auto* outputs = std::get_if<std::vector<ToolOutput>>(&event);
    if (outputs == nullptr) continue;
    for (const ToolOutput& output : *outputs) ended.trajectory.tool_seconds += output.seconds;
  }
  ended_.push_back(std::move(ended));
  active_.erase(active.sample_id);  // `active` is gone
}

std::vector<UnfinishedTrajectory> RolloutWorker::abort() {
  for (const auto& [id, active] : requests_) engine_.cancel(id);
  for (const rollout::Answer& answer : engine_.poll()) {
    const auto found = requests_.find(answer.request);
    if (found == requests_.end()) continue;
    append(found->second->script.unfinished, answer);
    found->second->open.reset();
  }
  requests_.clear();
  std::vector<UnfinishedTrajectory> out;
  for (auto& [sample_id, active] : active_) {
    if (active->open) engine_.close(*active->open);
    out.push_back({active->group_id, sample_id, std::move(active->script)});
  }
  active_.clear();
  num_calls_ = 0;
  for (EndedTrajectory& ended : ended_) {
    out.push_back({ended.trajectory.group_id, ended.trajectory.sample_id, std::move(ended.script)});
  }
  ended_.clear();
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.sample_id < b.sample_id; });
  return out;
}

std::string RolloutWorker::slowest() const {
  const Active* first = nullptr;
  for (const auto& [sample_id, active] : active_) {
    if (first == nullptr || active->began < first->began) first = active.get();
  }
  if (first == nullptr) return "none";
  const rl::Trajectory& trajectory = first->episode->trajectory();
  std::string text = cat("trajectory ", first->sample_id, ", turn ", trajectory.turns.size() + 1,
                         ", ", first->episode->num_tokens(), " tokens");
  if (first->num_missing > 0) {
    text += cat(", in a tool for ", static_cast<int64_t>(now_seconds() - first->called), " s");
  }
  return text;
}

}  // namespace lapidary::loop
