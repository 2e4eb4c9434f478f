#include "loop/scripted_world.h"

#include <ATen/ops/full.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/file.h"
#include "base/rng.h"
#include "support/paths.h"

namespace lapidary::test {
namespace {

constexpr const char* kStop = "<turn|>";

tokenizer::Tokenizer make_tokenizer() {
  const std::string path = project_path("assets/tiny/tokenizer.json");
  const auto plain = tokenizer::Tokenizer::load(path);
  Json file = read_json_file(path);
  int64_t id = plain.vocab_size();
  for (const char* text : {kCallOne, kCallTwo, kAnswerFive, kAnswerSix, kHum}) {
    file["added_tokens"].push_back({{"id", id++},
                                    {"content", text},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", false},
                                    {"special", false}});
  }
  return tokenizer::Tokenizer::from_json(dump_json(file), "the scripted tokenizer");
}

}  // namespace

class ScriptedWorld::Choice final : public rollout::Decoder {
 public:
  explicit Choice(Dim vocab_size) : vocab_size_(vocab_size), layers_{{0, 0, 1, 1, 8, 0}} {}
  const std::vector<model::AttentionLayer>& layers() const override { return layers_; }
  Dim vocab_size() const override { return vocab_size_; }
  Dim max_positions() const override { return 1000; }
  c10::ScalarType dtype() const override { return c10::ScalarType::Float; }
  c10::Device device() const override { return c10::kCPU; }
  at::Tensor logits(const at::Tensor& ids, model::AttentionContext&,
                    rollout::LogitRows rows) override {
    if (rows == rollout::LogitRows::kNone) return {};
    const Dim count = rows == rollout::LogitRows::kAll ? ids.size(0) : 1;
    at::Tensor out = at::full({count, vocab_size_}, -30.0, at::TensorOptions(at::kFloat));
    for (Dim i = 0; i < count; ++i) {
      const int64_t last = ids.const_data_ptr<int64_t>()[ids.size(0) - count + i];
      const auto found = next.find(last);
      for (const int64_t each : found != next.end() ? found->second : otherwise) {
        out.mutable_data_ptr<float>()[i * vocab_size_ + each] = 30.0F;
      }
    }
    return out;
  }

  std::map<int64_t, std::vector<int64_t>> next;
  std::vector<int64_t> otherwise;

 private:
  Dim vocab_size_;
  std::vector<model::AttentionLayer> layers_;
};

ScriptedWorld::ScriptedWorld() : tokenizer_(make_tokenizer()) {
  stop_ = id(kStop);
  decoder_ = std::make_unique<Choice>(tokenizer_.vocab_size());
  for (const char* text : {kCallOne, kCallTwo, kAnswerFive, kAnswerSix}) {
    decoder_->next[id(text)] = {stop_};
    decoder_->otherwise.push_back(id(text));
  }
  decoder_->otherwise.push_back(id(kHum));
}

ScriptedWorld::~ScriptedWorld() = default;

rollout::Decoder& ScriptedWorld::decoder() {
  return *decoder_;
}

int64_t ScriptedWorld::id(const std::string& text) const {
  const auto found = tokenizer_.id_of(text);
  LAPIDARY_CHECK(found, "no token ", text);
  return *found;
}

void ScriptedWorld::follow(const std::string& from, std::vector<std::string> next) {
  std::vector<int64_t>& ids = decoder_->next[id(from)];
  ids.clear();
  for (const std::string& each : next) ids.push_back(id(each));
}

std::unique_ptr<loop::Environment> ScriptedWorld::environment(loop::EnvironmentKind kind,
                                                              Dim max_context) const {
  loop::EnvironmentOptions options;
  options.kind = kind;
  options.limits.max_context_tokens = max_context;
  options.limits.max_response_tokens = 20;
  options.limits.max_turns = 4;
  options.limits.max_tool_calls = 4;
  return std::make_unique<loop::Environment>(options, tokenizer_, std::nullopt, Json::object());
}

struct LateTools::State {
  uint64_t seed = 0;
  std::mutex mutex;
  uint64_t num_calls = 0;
  std::vector<std::thread> threads;
};

LateTools::LateTools(uint64_t seed) : state_(std::make_shared<State>()) {
  state_->seed = seed;
}

LateTools::~LateTools() {
  for (std::thread& each : state_->threads) each.join();
}

void LateTools::submit(const rl::ToolCall& call, Done done) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  const double milliseconds = 5.0 * philox_uniform(state_->seed, 0, state_->num_calls++);
  const std::string code = call.arguments.at("code").get<std::string>();
  state_->threads.emplace_back([milliseconds, code, done = std::move(done)] {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    done({"out " + code, "ok", milliseconds / 1000.0});
  });
}

}  // namespace lapidary::test
